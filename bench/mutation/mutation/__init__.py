"""The mutation test of wfdiff: random edits of real sources, judged by an oracle of its own.

targets.py   what is mutated, how it is compiled, started and asked
edits.py     the edits, made on libclang's view of a source
elf.py       objects, read by struct alone
oracle.py    what changed between two objects, from llvm-objdump's disassembly and the sections' content
verdict.py   wfdiff's verdict against the oracle's
observe.py   an update in a running process against the mutated program itself
inspect_process.py  what gdb sees of a process
campaign.py  one edit from site to record, and the campaign over all of them
report.py    the table
"""
