#include "config/suggest.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace roomcast::config {

namespace {

std::string_view last_part(std::string_view name) {
  return name.substr(name.rfind('.') + 1); // npos + 1 == 0: the whole name
}

size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), size_t{0});
  for (size_t i = 1; i <= a.size(); ++i) {
    auto diagonal = std::exchange(row[0], i);
    for (size_t j = 1; j <= b.size(); ++j) {
      auto substituted = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substituted});
    }
  }
  return row.back();
}

} // namespace

std::string suggest(std::string_view word, const std::vector<std::string>& candidates) {
  constexpr size_t longest_word = 100; // nobody mistypes so much; bounds the quadratic distance
  if (word.empty() || word.size() > longest_word) return {};
  auto same_part = [&](const std::string& name) { return last_part(name) == last_part(word); };
  if (std::count_if(candidates.begin(), candidates.end(), same_part) == 1)
    return *std::find_if(candidates.begin(), candidates.end(), same_part);
  std::string best;
  auto limit = std::max<size_t>(2, word.size() / 6) + 1;
  for (const auto& name : candidates)
    if (auto distance = edit_distance(word, name); distance < limit && distance < name.size() / 2 + 1) {
      limit = distance;
      best = name;
    }
  return best;
}

} // namespace roomcast::config
