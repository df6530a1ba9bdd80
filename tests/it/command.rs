//! Targets of the kind `command`: programs written by the test, run by evalgate, and nothing left of them.
