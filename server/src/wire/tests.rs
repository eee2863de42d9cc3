use std::io::Cursor;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig};

use super::*;

/// Both ends, before they have said anything.
fn ends() -> (ClientConnection, Arc<ServerConfig>) {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = made.signing_key.serialize_der();
    let config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key.try_into().unwrap())
        .unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(certificate).unwrap();
    let client = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(client), name).unwrap();
    (client, Arc::new(config))
}

/// Each of thousands of players has that much more.
#[test]
fn what_tls_keeps_of_an_idle_connection_is_little() {
    let (mut client, config) = ends();
    let mut server = None;
    let mut kept = 0;
    let mut measured = |work: &mut dyn FnMut()| {
        kept += allocation_counter::measure(work).bytes_current;
    };
    measured(&mut || {
        let mut connection = Box::new(ServerConnection::new(Arc::clone(&config)).unwrap());
        connection.set_buffer_limit(Some(MAX_ENCRYPTED));
        server = Some(connection);
    });
    let mut server = server.unwrap();
    let (mut to_server, mut to_client) = (Vec::with_capacity(65_536), Vec::with_capacity(65_536));
    // The handshake, and then a line each way.
    for round in 0..6 {
        if round == 4 {
            client.writer().write_all(&[b'x'; 500]).unwrap();
        }
        while client.wants_write() {
            client.write_tls(&mut to_server).unwrap();
        }
        measured(&mut || {
            let mut incoming = Cursor::new(&to_server[..]);
            while incoming.position() < to_server.len() as u64 {
                server.read_tls(&mut incoming).unwrap();
                server.process_new_packets().unwrap();
                let mut line = [0; 500];
                let _ = server.reader().read(&mut line);
            }
            if round == 4 {
                server.writer().write_all(&[b'x'; 500]).unwrap();
            }
            while server.wants_write() {
                server.write_tls(&mut to_client).unwrap();
            }
        });
        to_server.clear();
        let mut incoming = Cursor::new(&to_client[..]);
        while incoming.position() < to_client.len() as u64 {
            client.read_tls(&mut incoming).unwrap();
            client.process_new_packets().unwrap();
        }
        to_client.clear();
    }
    assert!(!server.is_handshaking());
    assert!(kept < 8 * 1024, "{kept}");
}
