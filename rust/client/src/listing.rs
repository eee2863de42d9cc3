//! Lists that come in pages: the channels there are, the members of one.

use longhall_packet::{
    ChannelName, ClientPacket, Denial, ListedChannel, Member, RequestId, Username,
};

use crate::Answer;

/// Most entries of a list that is asked for; a longer one is cut off.
pub const MAX_LISTED: usize = 1000;

/// A list, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Listing {
    Channels(Vec<ListedChannel>),
    Members(ChannelName, Vec<Member>),
}

/// What the server sent of a list.
#[derive(Debug)]
pub(crate) enum Page {
    Channels(Vec<ListedChannel>),
    Members(Vec<Member>),
}

impl Listing {
    /// Whether a page is one of this list.
    pub(crate) fn fits(&self, page: &Page) -> bool {
        match self {
            Self::Channels(_) => matches!(page, Page::Channels(_)),
            Self::Members(..) => matches!(page, Page::Members(_)),
        }
    }

    /// Adds the next page. Whether to ask for another one.
    pub(crate) fn add(&mut self, page: Page, more: bool) -> bool {
        let is_longer = match (self, page) {
            (Self::Channels(all), Page::Channels(page)) => add(all, page, |one| &one.channel),
            (Self::Members(_, all), Page::Members(page)) => add(all, page, |one| &one.username),
            (Self::Channels(_), Page::Members(_)) | (Self::Members(..), Page::Channels(_)) => false,
        };
        more && is_longer
    }

    /// Asks for what comes behind the last entry, at first for the beginning.
    ///
    /// # Errors
    /// When this build does not take the last entry's name.
    pub(crate) fn packet(&self, id: RequestId) -> Result<ClientPacket, Denial> {
        Ok(match self {
            Self::Channels(all) => {
                let last = all.last().map(|one| ChannelName::parse(&one.channel));
                let after = last.transpose()?;
                ClientPacket::Channels { id, after }
            }
            Self::Members(channel, all) => {
                let last = all.last().map(|one| Username::parse(&one.username));
                let (channel, after) = (channel.clone(), last.transpose()?);
                ClientPacket::Members { id, channel, after }
            }
        })
    }

    pub(crate) fn into_answer(self) -> Answer {
        match self {
            Self::Channels(all) => Answer::Channels(all),
            Self::Members(_, all) => Answer::Members(all),
        }
    }
}

/// Whether there is room for more, and the page did not end where the one before did: a
/// server that says so would be asked for ever.
fn add<T>(all: &mut Vec<T>, page: Vec<T>, name: impl Fn(&T) -> &str) -> bool {
    let before = all.last().map(|one| name(one).to_owned());
    all.extend(page);
    all.truncate(MAX_LISTED);
    all.len() < MAX_LISTED && all.last().map(&name) != before.as_deref()
}

#[cfg(test)]
mod tests {
    use longhall_packet::{PresenceState, Role, ServerRole};

    use super::*;

    fn members(names: &[&str]) -> Vec<Member> {
        let member = |name: &&str| Member {
            username: (*name).to_owned(),
            role: Role::Member,
            state: PresenceState::Online,
            text: String::new(),
            server_role: ServerRole::Player,
            guest: false,
            profile: longhall_packet::Profile::default(),
            profile_version: 0,
        };
        names.iter().map(member).collect()
    }

    #[test]
    fn a_list_goes_on_behind_its_last_name_until_nothing_new_comes() {
        let den = ChannelName::parse("den").unwrap();
        let mut list = Listing::Members(den.clone(), Vec::new());
        let asks = |list: &Listing, name: Option<&str>| {
            let after = name.map(|name| Username::parse(name).unwrap());
            let channel = den.clone();
            let packet = ClientPacket::Members {
                id: 7,
                channel,
                after,
            };
            assert_eq!(list.packet(7), Ok(packet));
        };
        asks(&list, None);
        assert!(list.add(Page::Members(members(&["ada", "bob"])), true));
        asks(&list, Some("bob"));
        assert!(!list.add(Page::Members(members(&["bob"])), true), "again");
        assert!(
            !list.add(Page::Members(members(&["eve"])), false),
            "the end"
        );
        let all = members(&["ada", "bob", "bob", "eve"]);
        assert_eq!(list.into_answer(), Answer::Members(all));
    }

    #[test]
    fn a_list_ends_at_its_limit_and_at_a_name_from_another_time() {
        let den = ChannelName::parse("den").unwrap();
        let mut list = Listing::Members(den, Vec::new());
        assert!(list.add(Page::Members(members(&["a name\nof 2040"])), true));
        assert!(list.packet(7).is_err());
        let page = members(&["ada"; MAX_LISTED]);
        assert!(!list.add(Page::Members(page), true));
        let Answer::Members(all) = list.into_answer() else {
            panic!("other things")
        };
        assert_eq!(all.len(), MAX_LISTED);
    }
}
