extends RefCounted
## What a [Chatbox] keeps of one channel, or of the whispers with one player.

const Line := preload("chat_line.gd")
const Refusals := preload("refusals.gd")

## In front of the other player's name when a tab is for whispers.
const WHISPERS: String = "@"
## Names kept to choose one by keyboard.
const _NAMES_KEPT: int = 10

## The channel's name, or "@" and that of the other player.
var channel: String
## Of the lobby, which of its halls it is, from 1; 0 for all others, and for a lobby without halls.
var hall: int = 0
var chat_log: ChatLog
## Whether the row shows it. Whispers that were closed are kept, since nobody tells
## them again.
var is_open: bool = true
## What the player has typed and not sent.
var draft: String = ""
## What the input held before a line came into it to be edited.
var kept_draft: String = ""
## The number of the line that is edited in the input; 0 if it is a new one.
var edited_seq: int = 0
var refusals := Refusals.new()
## Slow mode: the seconds from an own line to the next; 0 if there is none for the player.
var slow_mode_s: int = 0
## When the player may say the next line, in milliseconds of the engine's run.
var may_speak_at_ms: int = 0
var topic: String = ""
## The code that others come in by; empty for channels that stay.
var code: String = ""
## Whether somebody has called this player since they last looked.
var has_mention: bool = false
## How many lines are new, as the server says; negative if it says nothing.
var unread_told: int = -1
## How many are members and how many of them are there; negative if nobody said.
var members_count: int = -1
var online_count: int = -1
## The roster: [code]{role, server_role, state, text}[/code] by name.
var members: Dictionary[String, Dictionary] = {}
## What this player may do here: "member", "operator" or "owner".
var role: String = "member"
## Whether the roster was asked for.
var has_asked_for_members: bool = false
## Whether there are some in the roster of whom only the name is known.
var has_newcomers: bool = false
## The players who said something lately, the latest first.
var recent_names: Array[String] = []


func is_whispers() -> bool:
	return channel.begins_with(WHISPERS)


## What is written on the tab: "lobby 2" for the lobby's second hall, otherwise the name.
func title() -> String:
	return channel if hall < 2 else "%s %d" % [channel.trim_suffix("-%d" % hall), hall]


## The other player of whispers.
func whisperer() -> String:
	return channel.trim_prefix(WHISPERS) if is_whispers() else ""


## Whether the player may end the channel for all who are in it.
func may_end() -> bool:
	return not code.is_empty() and role == "owner"


## The seconds until the player may say the next line, rounded up; 0 if now.
func seconds_to_wait() -> int:
	return maxi(ceili((may_speak_at_ms - Time.get_ticks_msec()) / 1000.0), 0)


func unread() -> int:
	return chat_log.unread_count() if unread_told < 0 else unread_told


func remember_name(sender: String) -> void:
	recent_names.erase(sender)
	recent_names.push_front(sender)
	if recent_names.size() > _NAMES_KEPT:
		recent_names.pop_back()


## Whether there is something of the player's here that nobody has taken.
func has_something_unsent() -> bool:
	return not draft.is_empty() or refusals.is_waiting() or chat_log.pending_count() > 0


## Forgets what others said and who they are, but not what waits to be said.
func begin_anew() -> void:
	# Accepted lines are gone with the rest.
	for line: Line in chat_log.pending_with(Line.Fate.ACCEPTED):
		chat_log.take_pending(line.id)
	chat_log.forget(true)
	_forget_others()


## Forgets all that was here, for another player.
func forget() -> void:
	chat_log.forget()
	_forget_others()
	refusals.reset()


func _forget_others() -> void:
	recent_names.clear()
	members.clear()
	role = "member"
	members_count = -1
	online_count = -1
	has_asked_for_members = false
	has_newcomers = false
	topic = ""
	code = ""
	unread_told = -1
	has_mention = false
