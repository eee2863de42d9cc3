//! The decoders of both directions.

use longhall_packet::codec::{decode_chat, decode_client_packet, decode_server_packet, encode};
use longhall_packet::limits::MAX_SERVER_PACKET_BYTES;

/// What a client sent, as the server reads it.
pub(crate) fn client_packets(bytes: &[u8]) {
    match decode_client_packet(bytes) {
        Ok(packet) => {
            let _ = packet.stage();
            let again = encode(&packet);
            assert_eq!(
                decode_client_packet(again.as_bytes()),
                Ok(packet),
                "{again}"
            );
        }
        Err(error) => check_refusal(&error),
    }
}

/// What a server sent, as a game reads it. A line of chat has a short cut there, which
/// must lead to the same place as the long way; a space in front makes it go that one.
pub(crate) fn server_packets(bytes: &[u8]) {
    let decoded = decode_server_packet(bytes);
    if bytes.len() < MAX_SERVER_PACKET_BYTES {
        let long_way = decode_server_packet(&[b" ".as_slice(), bytes].concat());
        assert_eq!(decoded.is_ok(), long_way.is_ok());
        if let (Ok(short), Ok(long)) = (&decoded, &long_way) {
            assert_eq!(short, long);
        }
    }
    if let Some((channel, line)) = decode_chat(bytes) {
        let Ok(longhall_packet::ServerPacket::Chat {
            channel: decoded_channel,
            line: decoded_line,
        }) = &decoded
        else {
            panic!("the short cut takes what is no line: {decoded:?}");
        };
        assert_eq!((channel, &line), (decoded_channel.as_str(), decoded_line));
    }
    match decoded {
        Ok(packet) => {
            let again = encode(&packet);
            assert_eq!(
                decode_server_packet(again.as_bytes()),
                Ok(packet),
                "{again}"
            );
        }
        Err(error) => check_refusal(&error),
    }
}

/// It goes to the log and to a player: in one line, and not at any length.
fn check_refusal(error: &longhall_packet::codec::DecodeError) {
    let text = format!("{error} {}", error.denial.reason());
    assert!(text.len() < 1000 && !text.contains('\n'), "{text}");
}
