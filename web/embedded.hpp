#pragma once

#include <string_view>

/// What the node serves to browsers, compiled into the binary: the binary alone is a working node.
namespace roomcast::web {

/// The chat page: one HTML document (UTF-8) with its style and script inside. Lives as long as the process;
/// any thread.
std::string_view chat_page() noexcept;

} // namespace roomcast::web
