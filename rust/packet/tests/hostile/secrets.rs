//! Whatever is wrong with a packet, its secrets stay secret.

use super::*;

#[test]
fn no_secret_shows_in_a_decode_error() {
    const SECRET: &str = "hunter2hunter2";
    let token = "hunter2".repeat(9); // No token, but somebody's secret.
    let packets = [
        format!(r#"{{"type":"login","id":7,"username":"ada","password":"{SECRET}""#),
        format!(r#"{{"type":"login","id":7,"username":"ada","password":"{SECRET}}}"#),
        format!(r#"{{"type":"login","id":7,"username":"ada","password":"{SECRET}\ud800"}}"#),
        format!(r#"{{"type":"login","id":7,"username":"ada","password":["{SECRET}"]}}"#),
        format!(r#"{{"type":"login","id":7,"username":"ada","password":{SECRET}}}"#),
        format!(r#"{{"type":"login","id":"{SECRET}","username":"ada","password":"{SECRET}"}}"#),
        format!(r#"{{"type":"{SECRET}","id":7}}"#),
        format!(r#"{{"type":"login","id":7,"{SECRET}":1,"{SECRET}":1}}"#),
        format!(r#"{{"type":"login","id":7,"username":"a","password":"{SECRET}"}}"#),
        format!(r#"{{"type":"login","id":7,"username":"{SECRET}{SECRET}","password":"{SECRET}"}}"#),
        format!(
            r#"{{"type":"register","id":7,"username":"ada","password":"{}"}}"#,
            SECRET.repeat(9)
        ),
        format!(r#"{{"type":"resume","id":7,"token":"{token}"}}"#),
        format!(r#"{{"type":"logged_in","id":7,"username":"ada","resume_token":"{token}"}}"#),
        format!(r#"{{"type":"logged_in","id":7,"username":7,"resume_token":"{token}"}}"#),
        format!(r#"{{"type":"change_password","id":7,"password":"x","new_password":"{SECRET}"}}"#),
        format!(r#"{{"type":"change_password","id":7,"password":"{SECRET}","new_password":"x"}}"#),
        format!(r#"{{"type":"change_password","id":7,"password":"{SECRET}"}}"#),
        format!(
            r#"{{"type":"recover","id":7,"username":"ada","code":"{SECRET}","new_password":"{SECRET}"}}"#
        ),
        format!(r#"{{"type":"recover","id":7,"username":"","code":"{SECRET}"}}"#),
        format!(r#"{{"type":"end_second_factor","id":7,"code":"{SECRET}"}}"#),
        format!(r#"{{"type":"end_second_factor","id":7,"code":"{SECRET}","password":"x"}}"#),
        format!(r#"{{"type":"registered","id":7,"recovery_codes":["{SECRET}"]}}"#),
        format!(r#"{{"type":"join","id":7,"channel":"","channel_password":"{SECRET}"}}"#),
        format!(r#"{{"type":"join","id":7,"channel_password":"{SECRET}"}}"#),
        format!(r#"{{"type":"join","id":7,"channel":"x","channel_password":["{SECRET}"]}}"#),
        format!(
            r#"{{"type":"create","id":7,"channel":"x","access":"{SECRET}","channel_password":"{SECRET}"}}"#
        ),
        format!(
            r#"{{"type":"set_access","id":7,"channel":"x","access":"password","channel_password":"{}"}}"#,
            SECRET.repeat(9)
        ),
        format!(r#"{{"type":"set_role","id":7,"channel":"x","username":"ada","role":"{SECRET}"}}"#),
        format!(r#"{{"type":"set_presence","id":7,"state":"{SECRET}"}}"#),
        format!(r#"{{"type":"history","id":7,"channel":"x","limit":1,"after":"{SECRET}"}}"#),
        SECRET.to_owned(),
        SECRET.repeat(10_000),
    ];
    for packet in packets {
        let errors: [DecodeError; 2] = [
            decode_client_packet(packet.as_bytes()).unwrap_err(),
            decode_server_packet(packet.as_bytes()).unwrap_err(),
        ];
        for error in errors {
            let shown = format!("{error} {error:?} {error:#?} {}", error.denial);
            assert!(!shown.contains("hunter2"), "{shown}");
        }
    }
}

#[test]
fn no_secret_shows_when_a_packet_is_debugged() {
    for sample in client_samples() {
        let shown = format!("{:?} {:#?}", sample.packet, sample.packet);
        for secret in ["correct horse", "0123456789abcdef", "ABCD", "287082"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
    for sample in server_samples() {
        let shown = format!("{:?} {:#?}", sample.packet, sample.packet);
        for secret in ["0123456789abcdef", "ABCD", "GEZDGNBV", "eyJhbGci"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}
