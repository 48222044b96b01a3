#include "web/embedded.hpp"

namespace roomcast::web {
namespace {

// A list of characters, not a string literal: those may end at 64 KiB (C++ [implimits]).
constexpr char page[] = {
#include "web/chat_page.inc"
};

} // namespace

std::string_view chat_page() noexcept { return {page, sizeof page}; }

} // namespace roomcast::web
