//! Accounts: sign-in, second factors, sessions, lockout, and what each role may do. No HTTP:
//! instants, random bytes and rows come as arguments, changes go out.
