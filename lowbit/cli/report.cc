#include <memory>
#include <string>
#include <vector>

#include "lowbit/app/report_runs.h"
#include "lowbit/cli/commands.h"
#include "lowbit/cli/output.h"

namespace lowbit::cli {

void AddReport(CLI::App* program, int* code) {
  struct Arguments {
    std::vector<std::string> runs;
    std::string out = "report.html";
    bool json = false;
  };
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = program->add_subcommand("report", "Compare runs on one self-contained HTML page.");
  command->add_option("runs", arguments->runs, "Folders of runs and sweeps")->required();
  command->add_option("-o,--out", arguments->out, "The page to write")->capture_default_str();
  command->add_flag("--json", arguments->json, "Print one JSON object");
  command->callback([=] { *code = PrintResult(app::ReportRuns(arguments->runs, arguments->out), arguments->json); });
}

}  // namespace lowbit::cli
