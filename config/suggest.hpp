#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace roomcast::config {

/// The candidate that `word` was probably meant to be, or empty: the only one whose last part (after a dot)
/// is the word's last part, else the nearest by edit distance if it is near.
std::string suggest(std::string_view word, const std::vector<std::string>& candidates);

} // namespace roomcast::config
