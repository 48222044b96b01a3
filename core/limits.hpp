#pragma once

#include <chrono>
#include <cstddef>

/// Every number that protects memory or time and is not configurable, each with its unit and reason.
/// (Configurable ones live in config/settings.hpp; the defaults they share with parsers are here.)
namespace roomcast::limits {

using namespace std::chrono_literals;

// -- what clients send -------------------------------------------------------

constexpr size_t max_room_name_bytes = 255; // default of limits.max-room-name-bytes
constexpr size_t max_message_bytes =
    65'536;                              // default of limits.max-message-bytes; a frame over it closes 1009
constexpr size_t max_json_depth = 32;    // default of limits.json-depth
constexpr size_t max_id_bytes = 128;     // request ids are echoed: keep them small
constexpr size_t max_key_bytes = 128;    // of an idempotent publish: a Redis key is made of it
constexpr size_t max_user_bytes = 4'096; // a user is repeated in every join, exit and list
constexpr size_t max_listed_users = 100; // users in `joined` and one page of `presence`

// -- a connection ------------------------------------------------------------

constexpr size_t max_queue_bytes = 1'048'576; // default of limits.max-queue-bytes: output queue
constexpr size_t ack_after_bytes =
    65'536; // unconfirmed publishes of a connection before it asks for an answer
constexpr size_t stop_reading_bytes =
    262'144; // unconfirmed publishes of a connection before it stops reading
constexpr size_t publish_overhead_bytes =
    256;                              // counted per publish besides its text: what it costs while it waits
constexpr unsigned max_questions = 8; // presence requests of a connection under way; then it stops reading
constexpr auto flood_pause = 250ms;   // a flooding client is not read from for so long; then looked at again
constexpr auto handshake_timeout = 10s;         // from accept to a complete HTTP request
constexpr auto http_idle_timeout = 15s;         // between requests of a kept-alive HTTP connection
constexpr size_t max_http_header_bytes = 8'192; // browsers with large cookies stay below
constexpr size_t max_http_body_bytes = 65'536;  // read and dropped
constexpr auto http_linger = 1s;                // after the last answer, for the peer to read it
constexpr size_t max_linger_bytes = 262'144;    // dropped meanwhile, then a hard close
constexpr int listen_backlog = 4'096;           // a connect storm waits here
constexpr size_t probe_reserve = 16;            // sockets beyond the bounds of connections, for health checks
constexpr size_t accept_batch = 64;             // sockets per turn: accepting starves nobody
constexpr auto accept_pause = 100ms;            // out of descriptors or memory: accepting rests
constexpr size_t reserved_descriptors = 64;     // not for clients, when max-connections = 0
constexpr int max_unsent_bytes =
    131'072; // that the kernel keeps for a client besides what is in flight: a slow one's waits in our queue
constexpr auto ping_interval = 30s;          // below the 60 s idle timeout of common load balancers
constexpr auto pong_timeout = 15s;           // after a ping without any byte from the peer
constexpr auto close_timeout = 5s;           // from our close frame to the peer's
constexpr auto slow_close_timeout = 1s;      // a slow consumer's close frame gets this long, then a reset
constexpr size_t read_buffer_bytes = 65'536; // one per I/O thread

// -- a room ------------------------------------------------------------------

constexpr auto join_timeout = 5s;             // join to confirmation by the bus
constexpr size_t max_waiting_joins = 100'000; // joins of a room that wait for the bus
constexpr size_t presence_batch = 500;        // users that enter or leave by one script: some ms of Redis
constexpr auto presence_retry = 1s;           // after a change of presence that failed
constexpr size_t max_graces = 10'000; // users of a room whose exit waits; then the oldest goes at once
constexpr size_t max_meanwhile_bytes =
    4 * 1'048'576; // events kept for those who are entering; far above what comes in a round trip

// -- a room's history ----------------------------------------------------------

constexpr uint32_t default_history_messages = 50;    // of one `history` answer, if the client does not say
constexpr uint32_t max_history_messages = 1'000;     // of one `history` answer, and of `history` in a join
constexpr size_t max_history_answer_bytes = 524'288; // of one `history` answer: half an output queue
constexpr size_t replay_page_bytes = 131'072; // read from the log and sent to a recovering member at once
constexpr auto replay_pause = 20ms; // a client whose queue is too full for more of the past is asked again
constexpr auto past_patience =
    5s; // without anything of a past; then the next one does not wait for it any more
constexpr size_t max_tail_bytes = 262'144;    // newest messages of a room that its node keeps for recoveries
constexpr size_t max_held_bytes = 1'048'576;  // events behind a hole; then they are read from the log instead
constexpr auto log_retry = 500ms;             // after a log read that failed
constexpr size_t max_history_reads = 32;      // `history` requests at Redis at a time
constexpr size_t max_waiting_history = 1'000; // behind them; then they are refused
constexpr size_t max_introduced_rooms = 100'000; // that a node asks of Redis only once which run it is in
constexpr auto history_position_ttl = std::chrono::hours{30 * 24}; // a room's numbering outlives its messages
constexpr auto publish_key_ttl = 300s; // a repeated key within this time is the same publish
constexpr size_t memory_log_bytes =
    256 * 1'048'576;                         // all history of the memory bus; the longest unused goes first
constexpr size_t memory_log_rooms = 100'000; // numberings of the memory bus
constexpr size_t memory_log_keys = 100'000;  // keys that the memory bus remembers; the oldest goes first

// -- the bus -----------------------------------------------------------------

constexpr size_t max_bus_payload_bytes =
    1'048'576; // above any message of a client; larger ones are dropped and counted
constexpr size_t max_unanswered_bytes =
    16 * 1'048'576;                  // publishes Redis has not answered; then bus_unavailable
constexpr auto publish_timeout = 2s; // unanswered: bus_unavailable, outcome unknown
constexpr size_t max_unflushed_bytes =
    32 * 1'048'576;                   // events handed to rooms and not delivered; then reading pauses
constexpr auto probe_interval = 1s;   // PING on the command link, a message to oneself on the other
constexpr auto silent_not_ready = 2s; // no answer for so long: not ready, publishes refused
constexpr auto silent_redial = 10s;   // no answer for so long: dial again
constexpr auto backoff_first = 50ms;  // doubles up to backoff_max, full jitter
constexpr auto backoff_max = 1s;      // with redis_step_timeout: 2.5 s from Redis' return to the next attempt
constexpr size_t subscribe_batch = 500;    // channels per SUBSCRIBE command when resubscribing
constexpr size_t subscribe_window = 4'000; // channels in SUBSCRIBE and UNSUBSCRIBE commands not yet answered
constexpr auto redis_step_timeout =
    1'500ms; // one connect, TLS, a sentinel's answer, the handshake, the first SUBSCRIBE: each
constexpr auto redis_resolve_timeout = 3s;      // a second name server is asked after a while
constexpr size_t redis_buffer_bytes = 65'536;   // per link, as long as no reply is larger
constexpr size_t redis_max_line_bytes = 16'384; // status and error replies
constexpr size_t redis_max_bulk_bytes =
    16 * 1'048'576; // far above any payload or history page; Redis itself allows 512 MiB
constexpr size_t redis_max_reply_bytes = 32 * 1'048'576; // one reply with all its elements
constexpr size_t redis_max_elements = 262'144;           // of one reply, nested ones included
constexpr size_t redis_max_depth = 8;                    // arrays within arrays; XRANGE needs three

// -- the cluster, stats, stopping --------------------------------------------

constexpr auto heartbeat_interval = 1s;
constexpr auto heartbeat_ttl = 6s;               // a node silent for so long is gone: the lease of its users
constexpr auto heartbeat_late = 2s;              // between two answers: then Redis or we stood still
constexpr size_t reap_nodes = 16;                // dead nodes that are looked at with one heartbeat
constexpr size_t reap_portion = 200;             // rooms of a dead node that are cleared at a time
constexpr size_t max_presence_queries = 64;      // `presence` requests at Redis at a time
constexpr size_t max_presence_questions = 4'096; // that wait for their turn; then bus_unavailable
constexpr unsigned ring_check_beats = 5; // heartbeats between two looks at the Redis servers of the others
constexpr auto stats_deadline = 1s;      // actors that have not answered by then are counted as missing
constexpr auto drain_step = 200ms;       // one batch of closes each
constexpr auto failure_patience = 1s;    // for close frames of a node that has failed
constexpr auto drain_reserve = 1s;       // behind drain-time and close_timeout; then connections are cut
constexpr size_t drain_min_batch = 100;  // batch = max(this, connections / 100)

} // namespace roomcast::limits
