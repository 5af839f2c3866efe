// std::variant and std::visit: the visitors of its tables change, the tables (constants of their own) lead to the new ones; values
// stay.
// RUN: %corpus %s %t -std=c++20 -O2 -g
// DIFF: replaced function Weigh::operator()(std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char>> const&) const
// DIFF: replaced function show(std::variant<int, double, std::__cxx11::basic_string<char, std::char_traits<char>, std::allocator<char>>>&)
#include "Inputs/corpus.h"
#include <string>
#include <variant>

using Value = std::variant<int, double, std::string>;
int weigh(const Value &v);
std::string show(Value &v);
extern Value kept;

#ifndef PROGRAM
Value kept = 7;
struct Weigh {
  NOINLINE int operator()(int n) const { return n; }
  NOINLINE int operator()(double d) const { return int(d * 10); }
  NOINLINE int operator()(const std::string &s) const;
};
int Weigh::operator()(const std::string &s) const { return OLD_NEW(1, 2) * int(s.size()); }
NOINLINE int weigh(const Value &v) { return std::visit(Weigh(), v); }
std::string show(Value &v) {
  if (std::string *text = std::get_if<std::string>(&v))
    return *text + OLD_NEW("", "!");
  v = std::to_string(weigh(v));
  return show(v);
}
#else
int main(int, char **argv) {
  Value text = std::string("abc"), number = 1.5;
  CHECK(weigh(kept) == 7 && weigh(text) == 3 && weigh(number) == 15 && show(text) == "abc");
  apply(argv[1]);
  CHECK(weigh(kept) == 7 && weigh(text) == 6 && weigh(number) == 15 && show(text) == "abc!" && show(number) == "15!");
  CHECK(weigh(number) == 4);
  revert();
  CHECK(weigh(text) == 3 && weigh(number) == 2 && show(number) == "15");
}
#endif
