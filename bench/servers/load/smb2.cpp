// SMB 2.1 ([MS-SMB2]): each connection is a guest's session with a file of its own, and with a stream of that file, in
// the share `load`: written, read in whole and in part, measured, found in its folder, opened a second time; another is
// renamed. Connections end and begin anew, each with a login, so that a server with a process for each has these come
// and go.
//
// Of the protocol as much as that takes: one request at a time, one credit each, nothing signed, names in ASCII.  An
// answer is right if it is the one to this request, has the status that was expected, and holds, byte for byte, what
// was.
#include "bench/servers/load/conversation.h"
#include "bench/servers/load/login.h"

#include <arpa/inet.h>

#include <optional>
#include <random>
#include <unistd.h>

namespace wfp::bench {
namespace {

enum Command : std::uint16_t {
  kNegotiate = 0,
  kSessionSetup = 1,
  kTreeConnect = 3,
  kCreate = 5,
  kClose = 6,
  kRead = 8,
  kWrite = 9,
  kEcho = 13,
  kQueryDirectory = 14,
  kQueryInfo = 16,
  kSetInfo = 17,
};

enum Status : std::uint32_t {
  kSuccess = 0,
  kPending = 0x103, // the answer comes later
  kMoreProcessing = 0xc0000016,
  kNameNotFound = 0xc0000034,
};

enum Disposition : std::uint32_t { kOpen = 1, kOpenOrCreate = 3 };

constexpr std::uint32_t kReadAccess = 0x00120089, kAllAccess = 0x001f01ff;
constexpr std::size_t kFrame = 4, kHeader = 64; // the length before a message, and what each message begins with
constexpr unsigned kRequestsPerConnection = 500;

const std::string kZero2(2, '\0'), kZero4(4, '\0'), kZero8(8, '\0');

std::string u8(std::uint64_t value) { return little_endian(value, 1); }
std::string u16(std::uint64_t value) { return little_endian(value, 2); }
std::string u32(std::uint64_t value) { return little_endian(value, 4); }
std::string u64(std::uint64_t value) { return little_endian(value, 8); }

std::string utf16(std::string_view ascii) {
  std::string wide;
  for (const char c : ascii)
    wide += {c, '\0'};
  return wide;
}

// What precedes a buffer that ends the request: where it is, from the message's first byte, and its length.
std::string at_end(std::size_t offset, const std::string &buffer) { return u16(offset) + u16(buffer.size()); }

// A complete message of the server's.
struct Answer {
  explicit Answer(std::string_view bytes)
      : message(bytes), status(static_cast<std::uint32_t>(from_little_endian(message.substr(8, 4)))),
        command(static_cast<std::uint16_t>(from_little_endian(message.substr(12, 2)))),
        id(from_little_endian(message.substr(24, 8))), body(message.substr(kHeader)) {}

  std::string_view message;
  std::uint32_t status;
  std::uint16_t command;
  std::uint64_t id;
  std::string_view body;

  // The part of the message whose offset and length are at these places in the body; nothing if it is not in the
  // message.
  std::optional<std::string_view> buffer(std::size_t offset_at, unsigned offset_size, std::size_t length_at) const {
    if (body.size() < length_at + 4)
      return {};
    const std::size_t offset = from_little_endian(body.substr(offset_at, offset_size));
    const std::size_t length = from_little_endian(body.substr(length_at, 4));
    return offset <= message.size() && length <= message.size() - offset ? std::optional(message.substr(offset, length))
                                                                         : std::nullopt;
  }
};

// The first message of `bytes`, if all of it is there; it is taken off.  Throws std::runtime_error if it is none.
std::optional<Answer> take_answer(std::string_view &bytes) {
  if (bytes.size() < kFrame)
    return {};
  std::size_t size = 0;
  for (const char c : bytes.substr(0, kFrame))
    size = size << 8 | static_cast<std::uint8_t>(c);
  if (bytes.size() < kFrame + size)
    return {};
  const std::string_view message = bytes.substr(kFrame, size);
  if (size < kHeader || message.substr(0, 4) != "\xfeSMB")
    throw std::runtime_error("no message of SMB 2");
  bytes.remove_prefix(kFrame + size);
  return Answer(message);
}

// NTLM's first and third message, of an account that the server does not know: a guest.
std::string ntlm_negotiate() {
  constexpr std::uint32_t kUnicode = 1, kTarget = 4, kNtlm = 0x200, kAlwaysSign = 0x8000, kExtended = 0x80000;
  return std::string("NTLMSSP\0", 8) + u32(1) + u32(kUnicode | kTarget | kNtlm | kAlwaysSign | kExtended) +
         std::string(16, '\0');
}
std::string ntlm_authenticate() {
  constexpr std::uint32_t kUnicode = 1, kNtlm = 0x200, kAlwaysSign = 0x8000, kExtended = 0x80000;
  constexpr std::size_t kFixed = 64;
  const std::string user = utf16("nobody-here"), response(24, 'r');
  const auto field = [](std::size_t size, std::size_t offset) { return u16(size) + u16(size) + u32(offset); };
  const std::size_t responses = kFixed + user.size();
  return std::string("NTLMSSP\0", 8) + u32(3) + field(response.size(), responses) +
         field(response.size(), responses + response.size()) + field(0, kFixed) + field(user.size(), kFixed) +
         field(0, kFixed) + field(0, kFixed) + u32(kUnicode | kNtlm | kAlwaysSign | kExtended) + user + response +
         response;
}

struct Step {
  std::string what;
  Command command{};
  std::function<std::string()> body; // when it is sent: it may name a file that an earlier step opened
  std::function<bool(const Answer &)> is_right = [](const Answer &) { return true; };
  Status status = kSuccess;
};

class Smb2 final : public PlannedConversation<Step> {
public:
  explicit Smb2(unsigned number)
      : PlannedConversation(number, kRequestsPerConnection), number_(number), name_("file-" + std::to_string(number)),
        random_(number + 1) {}

  void greet(const LoginChannel &channel) override {
    messages_ = session_ = tree_ = 0;
    begin_connection();
    constexpr std::uint16_t kSmb21 = 0x0210;
    exchange(channel, kNegotiate, kSuccess,
             u16(36) + u16(1) + u16(1) + kZero2 + kZero4 + client_id() + kZero8 + u16(kSmb21));
    log_in(channel, ntlm_negotiate(), kMoreProcessing);
    log_in(channel, ntlm_authenticate(), kSuccess);
    const std::string share = utf16("\\\\127.0.0.1\\load");
    exchange(channel, kTreeConnect, kSuccess, u16(9) + kZero2 + at_end(kHeader + 8, share) + share);
    file_ = open(channel, name_);
    stream_ = open(channel, name_ + ":note");
    moving_ = open(channel, moving_name());
    store(); // a new connection's first requests: the file is not what an earlier load left
  }

  Progress judge(std::string_view bytes, std::size_t) override {
    try {
      while (const std::optional<Answer> answer = take_answer(bytes)) {
        if (answer->command != current_.command || answer->id != messages_ - 1)
          return Progress::kWrong;
        if (answer->status == kPending)
          continue;
        return bytes.empty() && answer->status == current_.status && current_.is_right(*answer) ? Progress::kComplete
                                                                                                : Progress::kWrong;
      }
    } catch (const std::runtime_error &) {
      return Progress::kWrong;
    }
    return Progress::kPartial;
  }

  std::string wanted() const override { return current_.what + " of " + name_; }

private:
  // Of each connection another one: those of the same client are given to one process.
  std::string client_id() { return u32(static_cast<std::uint32_t>(getpid())) + u32(number_) + u64(++connections_); }

  // ---- messages

  std::string message(Command command, const std::string &body) {
    const std::string bytes = "\xfeSMB" + u16(kHeader) + u16(1) + kZero4 + u16(command) + u16(1) + kZero4 + kZero4 +
                              u64(messages_++) + kZero4 + u32(tree_) + u64(session_) + std::string(16, '\0') + body;
    const std::uint32_t size = htonl(static_cast<std::uint32_t>(bytes.size()));
    return std::string(reinterpret_cast<const char *>(&size), kFrame) + bytes;
  }

  // A question of the login and its answer's body; the session's and the share's numbers are what the server last said.
  std::string exchange(const LoginChannel &channel, Command command, Status wanted, const std::string &body) {
    channel.send(message(command, body));
    for (;;) {
      std::string bytes = channel.read(kFrame);
      std::uint32_t size;
      bytes.copy(reinterpret_cast<char *>(&size), sizeof size);
      bytes += channel.read(ntohl(size));
      std::string_view rest = bytes;
      const std::optional<Answer> answer = take_answer(rest);
      if (answer->status == kPending)
        continue;
      if (answer->status != wanted || answer->command != command)
        throw std::runtime_error("login: command " + std::to_string(command) + " got status " +
                                 std::to_string(answer->status));
      tree_ = from_little_endian(answer->message.substr(36, 4));
      session_ = from_little_endian(answer->message.substr(40, 8));
      return std::string(answer->body);
    }
  }

  void log_in(const LoginChannel &channel, const std::string &token, Status wanted) {
    exchange(channel, kSessionSetup, wanted,
             u16(25) + u8(0) + u8(1) + kZero4 + kZero4 + at_end(kHeader + 24, token) + kZero8 + token);
  }

  static std::string create(const std::string &name, std::uint32_t access, Disposition disposition,
                            bool folder = false) {
    constexpr std::uint32_t kImpersonation = 2, kShareAll = 7, kFolder = 1, kNoFolder = 0x40;
    const std::string wide = utf16(name);
    return u16(57) + u8(0) + u8(0) + u32(kImpersonation) + kZero8 + kZero8 + u32(access) + kZero4 + u32(kShareAll) +
           u32(disposition) + u32(folder ? kFolder : kNoFolder) + at_end(kHeader + 56, wide) + kZero8 +
           (wide.empty() ? kZero2 : wide);
  }
  // Of an answer to create(); empty if it is too short.
  static std::string file_id(std::string_view created) {
    return created.size() < 80 ? std::string() : std::string(created.substr(64, 16));
  }

  std::string open(const LoginChannel &channel, const std::string &name) {
    const std::string id = file_id(exchange(channel, kCreate, kSuccess, create(name, kAllAccess, kOpenOrCreate)));
    if (id.empty())
      throw std::runtime_error("login: a file's answer is too short");
    return id;
  }

  // ---- what is asked

  std::string request(const Step &step) override { return message(step.command, step.body()); }

  void plan() override {
    switch (random_() % 12) {
    case 0:
      ++version_;
      return store();
    case 1:
      return measure();
    case 2:
      rename("elsewhere-" + name_);
      return rename(moving_name());
    case 3:
      return find();
    case 4:
      return open_again();
    case 5:
      planned_.push_back({"absence", kCreate, [this] { return create("no-" + name_, kReadAccess, kOpen); }});
      planned_.back().status = kNameNotFound;
      return;
    case 6:
      planned_.push_back({"echo", kEcho, [] { return u16(4) + kZero2; }});
      return;
    case 7:
      return read(&Smb2::stream_, note());
    case 8:
      return read(&Smb2::file_, text(), 1 + random_() % 19);
    default:
      return read(&Smb2::file_, text());
    }
  }

  std::string text() const { return recognisable_text(number_ * 104'729ull + version_ * 7919ull); }
  std::string note() const { return recognisable_text(number_ * 104'729ull + version_ * 7919ull + 1); }

  void store() {
    write(&Smb2::file_, text());
    write(&Smb2::stream_, note());
  }

  // A file that is open when the step's turn comes.
  using OpenFile = std::string Smb2::*;

  void write(OpenFile file, const std::string &content) {
    planned_.push_back({"write", kWrite,
                        [this, file, content] {
                          return u16(49) + u16(kHeader + 48) + u32(content.size()) + kZero8 + this->*file + kZero8 +
                                 kZero8 + content;
                        },
                        [size = content.size()](const Answer &answer) {
                          return answer.body.size() >= 16 && from_little_endian(answer.body.substr(4, 4)) == size;
                        }});
    constexpr unsigned kEndOfFile = 20;
    planned_.push_back({"cut", kSetInfo,
                        [this, file, size = content.size()] { return set_info(kEndOfFile, this->*file, u64(size)); }});
  }

  void read(OpenFile file, const std::string &content, std::size_t offset = 0) {
    constexpr unsigned kMost = 4096;
    planned_.push_back({"contents", kRead,
                        [this, file, offset] {
                          return u16(49) + u8(0x50) + u8(0) + u32(kMost) + u64(offset) + this->*file + u32(1) + kZero8 +
                                 kZero4 + u8(0);
                        },
                        [wanted = content.substr(offset)](const Answer &answer) {
                          return answer.buffer(2, 1, 4) == std::optional<std::string_view>(wanted);
                        }});
  }

  void measure() {
    constexpr unsigned kFile = 1, kStandard = 5;
    planned_.push_back(
        {"size", kQueryInfo,
         [this] { return u16(41) + u8(kFile) + u8(kStandard) + u32(24) + kZero8 + kZero8 + file_ + u8(0); },
         [size = text().size()](const Answer &answer) {
           const auto found = answer.buffer(2, 2, 4);
           return found && found->size() == 24 && from_little_endian(found->substr(8, 8)) == size;
         }});
  }

  static std::string set_info(unsigned info, const std::string &file, const std::string &value) {
    constexpr unsigned kFile = 1;
    return u16(33) + u8(kFile) + u8(info) + u32(value.size()) + u16(kHeader + 32) + kZero2 + kZero4 + file + value;
  }

  // Of a file of its own: one of which a stream is open keeps its name.
  std::string moving_name() const { return "moving-" + name_; }
  void rename(const std::string &to) {
    constexpr unsigned kRename = 10;
    planned_.push_back({"new name", kSetInfo, [this, wide = utf16(to)] {
                          return set_info(kRename, moving_,
                                          u8(1) + std::string(7, '\0') + kZero8 + u32(wide.size()) + wide);
                        }});
  }

  // Opens something, for the steps that follow.
  void open_other(const std::string &name, bool folder) {
    planned_.push_back({"opening", kCreate, [name, folder] { return create(name, kReadAccess, kOpen, folder); },
                        [this](const Answer &answer) {
                          other_ = file_id(answer.body);
                          return !other_.empty();
                        }});
  }
  void close_other() {
    planned_.push_back({"closing", kClose, [this] { return u16(24) + kZero2 + kZero4 + other_; }});
  }

  void find() {
    open_other("", true);
    constexpr unsigned kNames = 12, kFromBegin = 1;
    planned_.push_back({"entry", kQueryDirectory,
                        [this] {
                          const std::string pattern = utf16(name_);
                          return u16(33) + u8(kNames) + u8(kFromBegin) + kZero4 + other_ +
                                 at_end(kHeader + 32, pattern) + u32(4096) + pattern;
                        },
                        [this](const Answer &answer) {
                          const auto found = answer.buffer(2, 2, 4);
                          const std::string wide = utf16(name_);
                          return found && found->size() >= 12 + wide.size() &&
                                 from_little_endian(found->substr(8, 4)) == wide.size() &&
                                 found->substr(12, wide.size()) == wide;
                        }});
    close_other();
  }

  void open_again() {
    open_other(name_, false);
    read(&Smb2::other_, text());
    close_other();
  }

  unsigned number_;
  std::string name_; // of the file
  std::minstd_rand random_;
  unsigned version_ = 0;
  std::uint64_t connections_ = 0, messages_ = 0, session_ = 0, tree_ = 0;
  std::string file_, stream_, moving_, other_; // as the server names what is open
};

} // namespace

ConversationMaker smb2_conversations() {
  return [](unsigned number) { return std::make_unique<Smb2>(number); };
}

} // namespace wfp::bench
