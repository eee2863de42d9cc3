//! One file per packet, or per family of packets. Each reads as the story of its
//! request.

mod arriving;
mod blocks;
mod challenge;
mod change;
mod channel_roles;
mod channels;
mod chat;
mod create;
mod deletion;
mod enter;
mod export;
mod guest;
mod halls;
mod hello;
mod history;
mod invite;
mod join;
mod leave;
mod listen;
mod login;
mod logout;
mod lookup;
mod members;
mod outcome;
#[cfg(test)]
mod packet_sizes;
mod password;
mod placing;
mod presence;
mod profile;
mod proof;
mod read;
mod recovery;
mod register;
mod remove;
mod rename;
mod report;
mod reports;
mod resume;
mod second_factor;
mod sanctions;
mod sessions;
mod temporary;
mod ticket;
#[cfg(test)]
mod timing;

mod upgrade;

pub(crate) use blocks::{block, blocks, unblock};
pub(crate) use challenge::challenge;
pub(crate) use change::{delete, edit};
pub(crate) use channel_roles::{set_access, set_filter, set_role, set_slow_mode, set_topic};
pub(crate) use channels::channels;
pub(crate) use chat::{chat, chat_at_once};
pub(crate) use create::create;
pub(crate) use deletion::{delete_account, keep_account};
pub(crate) use export::export;
pub(crate) use guest::guest;
pub(crate) use halls::{change_hall, halls};
pub(crate) use hello::hello;
pub(crate) use history::history;
pub(crate) use invite::invite;
pub(crate) use join::join;
pub(crate) use leave::{leave, take_out};
pub(crate) use login::login;
pub(crate) use logout::logout;
pub(crate) use members::members;
pub(crate) use outcome::{HandlerError, Outcome, unavailable};
pub(crate) use password::change_password;
pub(crate) use presence::set_presence;
pub(crate) use profile::{player_info, set_profile};
pub(crate) use read::read;
pub(crate) use recovery::{recover, renew_recovery_codes};
pub(crate) use register::register;
pub(crate) use remove::remove;
pub(crate) use rename::rename;
pub(crate) use report::report;
pub(crate) use reports::{close_report, report_lines, reports};
pub(crate) use resume::resume;
pub(crate) use sanctions::{delete_lines, lift_sanction, sanction, sanctions};
pub(crate) use second_factor::{begin_second_factor, confirm_second_factor, end_second_factor};
pub(crate) use sessions::{close_session, sessions};
pub(crate) use temporary::{create_temporary, end_channel, join_by_code};
pub(crate) use ticket::request_ticket;
pub(crate) use upgrade::upgrade;

#[cfg(test)]
mod speech_tests;
#[cfg(test)]
mod temporary_tests;
#[cfg(test)]
pub(crate) mod test_requests;
#[cfg(test)]
pub(crate) mod test_session;
#[cfg(test)]
mod two_servers;
