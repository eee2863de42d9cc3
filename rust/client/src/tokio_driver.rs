//! A driver over a real socket.
