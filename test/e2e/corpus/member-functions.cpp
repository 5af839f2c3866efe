// Member functions, called directly, through an object of another unit, and through member pointers.
// RUN: %corpus %s %t -O2 -g
// DIFF: replaced function Account::deposit(int)
// DIFF: replaced function Account::limit()
#include "Inputs/corpus.h"

class Account {
public:
  int deposit(int amount);
  static int limit();
  int balance() const;

private:
  int total = 0;
};

#ifndef PROGRAM
int Account::deposit(int amount) { return OLD_NEW(total += amount, total += 2 * amount); }
int Account::limit() { return OLD_NEW(100, 200); }
int Account::balance() const { return total; }
#else

int (Account::*volatile pointer)(int) = &Account::deposit;
int (*volatile limit)() = Account::limit;

int main(int, char **argv) {
  Account account;
  CHECK(account.deposit(10) == 10 && Account::limit() == 100);
  apply(argv[1]);
  CHECK(account.deposit(10) == 30 && (account.*pointer)(10) == 50 && account.balance() == 50);
  CHECK(limit() == 200 && pointer == &Account::deposit);
  revert();
  CHECK(account.deposit(10) == 60 && (account.*pointer)(10) == 70 && limit() == 100);
}
#endif
