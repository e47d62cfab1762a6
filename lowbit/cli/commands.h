#ifndef LOWBIT_CLI_COMMANDS_H_
#define LOWBIT_CLI_COMMANDS_H_

#include <CLI/CLI.hpp>

namespace lowbit::cli {

// Each adds one command to `program`; the command leaves its exit code in `code` (0 done, 1 failed, 2 bad input).
void AddTrain(CLI::App* program, int* code);
void AddEval(CLI::App* program, int* code);
void AddPack(CLI::App* program, int* code);
void AddImport(CLI::App* program, int* code);
void AddExport(CLI::App* program, int* code);
void AddCalibrate(CLI::App* program, int* code);
void AddCompress(CLI::App* program, int* code);
void AddAccelerate(CLI::App* program, int* code);
void AddCompile(CLI::App* program, int* code);
void AddRun(CLI::App* program, int* code);
void AddInspect(CLI::App* program, int* code);
void AddData(CLI::App* program, int* code);
void AddReport(CLI::App* program, int* code);

}  // namespace lowbit::cli

#endif  // LOWBIT_CLI_COMMANDS_H_
