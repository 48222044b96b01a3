#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace roomcast {

/// Names one WebSocket connection for as long as its node runs; ascending in order of accept, from 1.
enum class connection_id : uint64_t {};

constexpr uint64_t value(connection_id id) noexcept { return static_cast<uint64_t>(id); }

/// Names one run of a node: random, 16 hexadecimal digits. `BOOT.CONN` names a connection in the whole
/// cluster.
using boot_id = std::string;

/// Random lower-case hexadecimal digits, `bytes` * 2 of them, from the system's generator.
std::string random_hex(size_t bytes);

/// A random UUID, RFC 4122 version 4.
std::string random_uuid();

} // namespace roomcast

template <> struct std::hash<roomcast::connection_id> {
  size_t operator()(roomcast::connection_id id) const noexcept { return std::hash<uint64_t>{}(value(id)); }
};
