//! What is kept of where somebody logged in, for the player to see next time.

use std::net::IpAddr;

use ipnet::IpNet;
use longhall_packet::LastLogin;

use crate::store::LoginRow;

/// Bits that are kept of an address. A neighbourhood of a provider's, not a house: the player
/// is to know their own again, and nobody who reads the database is to find them.
const V4_BITS: u8 = 24;
const V6_BITS: u8 = 48;

/// The network of an address, as it is kept and told: `203.0.113.0/24`.
pub(crate) fn network(address: IpAddr) -> String {
    let address = address.to_canonical();
    let bits = match address {
        IpAddr::V4(_) => V4_BITS,
        IpAddr::V6(_) => V6_BITS,
    };
    IpNet::new(address, bits).map_or_else(|_| String::new(), |net| net.trunc().to_string())
}

/// As packets tell of a login.
pub(crate) fn told(row: LoginRow) -> LastLogin {
    LastLogin {
        at_ms: row.at_ms.unsigned_abs(),
        device: row.device,
        network: row.network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_an_address_a_neighbourhood_is_kept() {
        let kept = |address: &str| network(address.parse().unwrap());
        assert_eq!(kept("203.0.113.77"), "203.0.113.0/24");
        assert_eq!(kept("::ffff:203.0.113.77"), "203.0.113.0/24");
        assert_eq!(kept("2001:db8:7:8:9:a:b:c"), "2001:db8:7::/48");
    }
}
