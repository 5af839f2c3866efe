#include "workload.h"

#include <cstdio>

namespace netload {
namespace {

constexpr int sum_rounds = 20;
constexpr std::string_view sum_text = "The quick brown fox jumps over the lazy dog.";

std::string hex(std::uint64_t number) {
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(number));
  return text;
}

} // namespace

const char *error_name(Error error) {
  static constexpr const char *names[error_count] = {"none", "damaged", "order", "mixed", "refused", "wrong", "lost"};
  return names[static_cast<int>(error)];
}

Workload::Workload(int connection) : random_(connection + 1), next_nonce_(std::uint64_t(connection) << 40) {
  for (int i = 0; i < key_count; ++i) {
    std::string key = "c" + std::to_string(connection) + "-" + std::to_string(i);
    // 16 to 520 bytes that start with the key.
    std::string value = key + "=";
    for (std::size_t length = 16 + 8 * i; value.size() < length;)
      value += static_cast<char>('a' + (value.size() * (connection + i + 1)) % 26);
    items_.push_back({std::move(key), std::move(value)});
  }
  for (Version version : all_versions)
    sums_[static_cast<int>(version)] = "OK " + hex(sum_of(version, sum_rounds, sum_text));
}

Question Workload::next(std::int64_t intended) {
  using Kind = Question::Kind;
  const auto dice = random_() % 100;
  const Kind kind = dice < 60   ? Kind::Get
                    : dice < 75 ? Kind::Set
                    : dice < 90 ? Kind::Range
                    : dice < 95 ? Kind::Sum
                                : Kind::Version;
  Question question{intended, next_nonce_++, kind, static_cast<std::uint16_t>(random_() % key_count), 0, 0};
  if (kind == Kind::Range) {
    const std::size_t size = items_[question.key].value.size();
    question.from = random_() % size;
    question.count = random_() % (size - question.from + 1);
  }
  return question;
}

Question Workload::fill(int key) {
  return {0, next_nonce_++, Question::Kind::Set, static_cast<std::uint16_t>(key), 0, 0};
}

const char *Workload::verb(const Question &question) const {
  static constexpr const char *verbs[] = {"set", "get", "range", "sum", "version"};
  return verbs[static_cast<int>(question.kind)];
}

void Workload::write(const Question &question, std::string &out) const {
  const Item &item = items_[question.key];
  out += verb(question);
  out += ' ';
  out += std::to_string(question.nonce);
  switch (question.kind) {
  case Question::Kind::Set:
    out.append(" ").append(item.key).append(" 0 ").append(item.value);
    break;
  case Question::Kind::Get:
    out.append(" ").append(item.key);
    break;
  case Question::Kind::Range:
    out.append(" ").append(item.key).append(" ").append(std::to_string(question.from)).append(" ");
    out.append(std::to_string(question.count));
    break;
  case Question::Kind::Sum:
    out.append(" ").append(std::to_string(sum_rounds)).append(" ").append(sum_text);
    break;
  case Question::Kind::Version:
    break;
  }
  out += '\n';
}

bool Workload::body_is_right(const Question &question, std::string_view body, Version version) const {
  const std::string_view value = items_[question.key].value;
  switch (question.kind) {
  case Question::Kind::Set:
    return body == "OK";
  case Question::Kind::Get:
    return body.size() == value.size() + 3 && body.substr(3) == value;
  case Question::Kind::Range:
    return body.size() == question.count + 3u && body.substr(3) == value.substr(question.from, question.count);
  case Question::Kind::Sum:
    return body == sums_[static_cast<int>(version)];
  case Question::Kind::Version:
    return body.starts_with("OK netservice/") && body.substr(14) == version_name(version);
  }
  return false;
}

Error Workload::check(const Question &question, std::string_view line, Version &version) const {
  const auto reply = parse_reply(line);
  if (!reply)
    return Error::Damaged;
  if (reply->nonce != question.nonce)
    return Error::Order;
  const auto made_by = version_of(*reply, verb(question));
  if (!made_by)
    return Error::Mixed;
  version = *made_by;
  if (!reply->body.starts_with("OK"))
    return Error::Refused;
  return body_is_right(question, reply->body, version) ? Error::None : Error::Wrong;
}

} // namespace netload
