// MariaDB's client/server protocol: the connection's own rows are written, read, counted and computed with, by text and
// by prepared statements, in transactions that are taken back; and connections end and begin anew, each with a login,
// so that the server's threads come and go.
//
// Of the protocol as much as that takes: logins without a password, packets below 16 MiB, results that end with EOF
// packets.  An answer is right if its packets are numbered without a gap and each row is, byte for byte, what was
// expected.
#include "bench/servers/load/conversation.h"
#include "bench/servers/load/login.h"

#include <algorithm>
#include <optional>
#include <vector>

namespace wfp::bench {
namespace {

constexpr unsigned kRows = 40;
constexpr unsigned kRequestsPerConnection = 60;
constexpr char kQuit = 0x01, kQuery = 0x03, kPrepare = 0x16, kExecute = 0x17;
constexpr char kOkPacket = 0x00, kEofPacket = static_cast<char>(0xfe);
constexpr std::size_t kHeader = 4; // length and number of a packet

std::string packet(unsigned number, const std::string &payload) {
  return little_endian(payload.size(), 3) + static_cast<char>(number) + payload;
}

// A "length-encoded" string, as values are sent.
std::string value(const std::string &text) {
  return (text.size() < 251 ? little_endian(text.size(), 1) : '\xfc' + little_endian(text.size(), 2)) + text;
}

// The payloads of an answer's complete packets; nothing if they are not numbered 1, 2, 3 ...
std::optional<std::vector<std::string_view>> packets(std::string_view bytes) {
  std::vector<std::string_view> found;
  while (bytes.size() >= kHeader) {
    const std::size_t size = from_little_endian(bytes.substr(0, 3));
    if (static_cast<std::uint8_t>(bytes[3]) != ((found.size() + 1) & 0xff))
      return {};
    if (bytes.size() < kHeader + size)
      break;
    found.push_back(bytes.substr(kHeader, size));
    bytes.remove_prefix(kHeader + size);
  }
  return found;
}

bool is_eof(std::string_view payload) { return payload.size() == 5 && payload[0] == kEofPacket; }

std::string read_packet(const LoginChannel &channel) {
  return channel.read(from_little_endian(std::string_view(channel.read(kHeader)).substr(0, 3)));
}

struct Expected {
  unsigned columns = 0; // 0: no result set
  std::vector<std::string> rows{};
  std::optional<std::uint64_t> changed{}; // rows, if it is known how many
  bool statement = false;                 // a prepared one, with two parameters and a column
};
struct Step {
  std::string request;
  Expected expected;
};

class Mysql final : public PlannedConversation<Step> {
public:
  explicit Mysql(unsigned number)
      : PlannedConversation(number, kRequestsPerConnection), first_id_(number * kRows), random_(number + 1),
        versions_(kRows, 0) {
    for (unsigned i = 0; i < kRows; ++i)
      ask("INSERT INTO items VALUES (" + id(i) + ", '" + text(i) + "', 0) ON DUPLICATE KEY UPDATE text = '" + text(i) +
              "', version = 0",
          Expected{}); // which of both depends on whether there was an earlier load
  }

  // The greeting's contents do not matter to a login without a password.
  void greet(const LoginChannel &channel) override {
    constexpr std::uint64_t kCapabilities = 0x1        // long password
                                            | 0x8      // connect with a database
                                            | 0x200    // protocol of 4.1
                                            | 0x2000   // status of transactions
                                            | 0x8000   // secure connection
                                            | 0x80000; // plugin of authentication
    constexpr unsigned kLatin1 = 8, kMaxPacket = 1 << 24;
    read_packet(channel);
    const std::string zero(1, '\0');
    channel.send(packet(1, little_endian(kCapabilities, 4) + little_endian(kMaxPacket, 4) + little_endian(kLatin1, 1) +
                               std::string(23, '\0') + "load" + zero + zero + "load" + zero + "mysql_native_password" +
                               zero));
    if (const std::string answer = read_packet(channel); answer.empty() || answer[0] != kOkPacket)
      throw std::runtime_error("login refused: " + answer.substr(std::min<std::size_t>(answer.size(), 9)));
    statement_.reset();
    begin_connection();
  }
  std::string farewell() const override { return packet(0, std::string(1, kQuit)); }

  Progress judge(std::string_view answer, std::size_t) override {
    const auto payloads = packets(answer);
    if (!payloads)
      return Progress::kWrong;
    std::size_t bytes = 0;
    for (const std::string_view payload : *payloads)
      bytes += kHeader + payload.size();
    const Progress progress = current_.expected.statement ? judge_statement(*payloads)
                              : current_.expected.columns ? judge_rows(*payloads)
                                                          : judge_change(*payloads);
    return progress == Progress::kComplete && bytes != answer.size() ? Progress::kWrong : progress;
  }

  std::string wanted() const override {
    std::string text = std::to_string(current_.expected.rows.size()) + " rows:";
    for (const std::string &row : current_.expected.rows)
      text += " " + row;
    return current_.expected.columns ? text : "a change";
  }

private:
  static Expected changes(std::uint64_t count) { return {.changed = count}; }
  template <class... Values> static Expected row(const Values &...values) {
    return {.columns = sizeof...(values), .rows = {(value(values) + ...)}};
  }

  void ask(const std::string &sql, Expected expected) { planned_.push_back({kQuery + sql, std::move(expected)}); }

  std::string id(unsigned i) const { return std::to_string(first_id_ + i); }
  std::string own_rows() const { return "id BETWEEN " + id(0) + " AND " + id(kRows - 1); }
  std::string text(unsigned i) const { return text(i, versions_[i]); }
  std::string text(unsigned i, unsigned version) const {
    return recognisable_text((first_id_ + i) * 104'729ull + version * 7919ull);
  }

  std::string request(const Step &step) override { return packet(0, step.request); }

  void plan() override {
    const unsigned i = random_() % kRows;
    const std::string of_row = " FROM items WHERE id = " + id(i);
    switch (random_() % 12) {
    case 0:
      ++versions_[i];
      return ask("UPDATE items SET text = '" + text(i) + "', version = version + 1 WHERE id = " + id(i), changes(1));
    case 1:
      return count();
    case 2:
      return take_back(i);
    case 3:
      return execute(i);
    case 4:
      return ask("SELECT HEX(text), QUOTE(text), LPAD(text, 9, '*'), MAKE_SET(3, text, 'x'), LOCATE('a', text, 2) > 0" +
                     of_row,
                 row(hex(text(i)), "'" + text(i) + "'", text(i).substr(0, 9), text(i) + ",x",
                     std::string(text(i).find('a', 1) == std::string::npos ? "0" : "1")));
    case 5:
      return ask(
          "SELECT JSON_VALUE(JSON_OBJECT('k', text), '$.k'), JSON_EXTRACT('{\"a\": [1, 2, 3]}', '$.a[1]'),"
          " JSON_ARRAY_INSERT('[1, 3]', '$[1]', 2), JSON_CONTAINS_PATH('{\"a\": [1]}', 'one', '$.a[0]'),"
          " JSON_KEYS('{\"a\": 1, \"b\": 2}')" +
              of_row,
          row(text(i), std::string("2"), std::string("[1, 2, 3]"), std::string("1"), std::string("[\"a\", \"b\"]")));
    case 6:
      return ask("SELECT COLUMN_JSON(COLUMN_CREATE('t', text)), COLUMN_GET(COLUMN_CREATE('n', 7), 'n' AS INT)" + of_row,
                 row("{\"t\":\"" + text(i) + "\"}", std::string("7")));
    case 7:
      return ask("SELECT ST_AsText(ST_GeomFromText('LINESTRING(0 0,1 2)')), ST_AsGeoJSON(POINT(1, 2)),"
                 " ST_Crosses(ST_GeomFromText('LINESTRING(0 0,2 2)'), ST_GeomFromText('LINESTRING(0 2,2 0)'))",
                 row(std::string("LINESTRING(0 0,1 2)"), std::string("{\"type\": \"Point\", \"coordinates\": [1, 2]}"),
                     std::string("1")));
    case 8:
      return ask("WITH twice AS (SELECT id, 2.50 * version AS v FROM items WHERE id = " + id(i) +
                     ") SELECT v, ROW_NUMBER() OVER (ORDER BY id), TO_CHAR('2001-02-03', 'YYYY-MM-DD') FROM twice",
                 row(hundredths(250 * versions_[i]), std::string("1"), std::string("2001-02-03")));
    default:
      return ask("SELECT text" + of_row, row(text(i)));
    }
  }

  void count() {
    unsigned sum = 0;
    for (const unsigned version : versions_)
      sum += version;
    ask("SELECT COUNT(*), SUM(version), MAX(id) FROM items WHERE " + own_rows(),
        row(std::to_string(kRows), std::to_string(sum), id(kRows - 1)));
  }

  void take_back(unsigned i) {
    const std::string other = text(i, versions_[i] + 1), where = " WHERE id = " + id(i);
    ask("BEGIN", changes(0));
    ask("UPDATE items SET text = '" + other + "', version = version + 1" + where, changes(1));
    ask("SELECT text, version FROM items" + where, row(other, std::to_string(versions_[i] + 1)));
    ask("ROLLBACK", changes(0));
    ask("SELECT text, version FROM items" + where, row(text(i), std::to_string(versions_[i])));
  }

  // Prepared once for each connection.  Its row has a byte and a map of what is null before the values.
  void execute(unsigned i) {
    if (!statement_) {
      planned_.push_back(
          {kPrepare + std::string("SELECT CONCAT(?, text) FROM items WHERE id = ?"), {.statement = true}});
      return;
    }
    constexpr char kVarString = static_cast<char>(0xfd);
    const std::string given = recognisable_text(random_()), zero(1, '\0');
    const std::string types = {kVarString, 0, kVarString, 0};
    planned_.push_back({kExecute + little_endian(*statement_, 4) + zero + little_endian(1, 4) + zero + '\1' + types +
                            value(given) + value(id(i)),
                        {.columns = 1, .rows = {zero + zero + value(given + text(i))}}});
  }

  static std::string hex(const std::string &text) {
    std::string digits;
    for (const unsigned char c : text)
      (digits += "0123456789ABCDEF"[c >> 4]) += "0123456789ABCDEF"[c & 15];
    return digits;
  }
  static std::string hundredths(unsigned number) {
    return std::to_string(number / 100) + "." + std::to_string(number / 10 % 10) + std::to_string(number % 10);
  }

  Progress judge_change(const std::vector<std::string_view> &payloads) const {
    if (payloads.empty())
      return Progress::kPartial;
    const std::string_view answer = payloads[0];
    const auto &changed = current_.expected.changed;
    const bool right =
        answer.size() >= 7 && answer[0] == kOkPacket && (!changed || static_cast<std::uint8_t>(answer[1]) == *changed);
    return right && payloads.size() == 1 ? Progress::kComplete : Progress::kWrong;
  }

  // The number of columns, their names and types, EOF, rows, EOF.
  Progress judge_rows(const std::vector<std::string_view> &payloads) const {
    const auto &[columns, rows, changed, statement] = current_.expected;
    const std::size_t first_row = columns + 2, end = first_row + rows.size();
    for (std::size_t i = 0; i < payloads.size(); ++i) {
      const std::string_view payload = payloads[i];
      const bool right = i == 0                           ? payload == little_endian(columns, 1)
                         : i == first_row - 1 || i == end ? is_eof(payload)
                         : i >= first_row && i < end      ? payload == rows[i - first_row]
                                                          : i < end;
      if (!right)
        return Progress::kWrong;
    }
    return payloads.size() == end + 1 ? Progress::kComplete : Progress::kPartial;
  }

  // The statement's number and that of its columns and parameters; these, each kind with EOF.
  Progress judge_statement(const std::vector<std::string_view> &payloads) {
    if (payloads.empty())
      return Progress::kPartial;
    if (payloads[0].size() < 9 || payloads[0][0] != kOkPacket || from_little_endian(payloads[0].substr(5, 2)) != 1 ||
        from_little_endian(payloads[0].substr(7, 2)) != 2)
      return Progress::kWrong;
    if (payloads.size() < 6)
      return Progress::kPartial;
    if (payloads.size() > 6 || !is_eof(payloads[3]) || !is_eof(payloads[5]))
      return Progress::kWrong;
    statement_ = static_cast<std::uint32_t>(from_little_endian(payloads[0].substr(1, 4)));
    return Progress::kComplete;
  }

  unsigned first_id_;
  std::minstd_rand random_;
  std::vector<unsigned> versions_;
  std::optional<std::uint32_t> statement_; // what this connection prepared
};

} // namespace

ConversationMaker mysql_conversations() {
  return [](unsigned number) { return std::make_unique<Mysql>(number); };
}

} // namespace wfp::bench
