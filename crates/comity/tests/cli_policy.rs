//! `comity policy`, `clock`, `completions` and `replay`: text for people, JSON for programs.
