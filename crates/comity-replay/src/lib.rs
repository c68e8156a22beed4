//! comity-replay
