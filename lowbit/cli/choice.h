#ifndef LOWBIT_CLI_CHOICE_H_
#define LOWBIT_CLI_CHOICE_H_

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

#include "lowbit/base/suggest.h"

namespace lowbit::cli {

// An option that takes one of some words, in the order in which --help names them. `target`, a T or optional T, must live as
// long as the command.
template <typename T, typename Target>
CLI::Option* AddChoice(CLI::App* command, const std::string& name, Target* target,
                       const std::vector<std::pair<std::string, T>>& choices, const std::string& help) {
  std::vector<std::string> words;
  words.reserve(choices.size());
  for (const auto& [word, value] : choices) words.push_back(word);
  const auto choose = [=](const std::string& given) {
    for (const auto& [word, value] : choices) {
      if (word != given) continue;
      *target = value;
      return;
    }
    throw CLI::ValidationError(name, UnknownName("choice", given, words));
  };
  return command->add_option_function<std::string>(name, choose, help)->option_text(Join(words, "|"));
}

}  // namespace lowbit::cli

#endif  // LOWBIT_CLI_CHOICE_H_
