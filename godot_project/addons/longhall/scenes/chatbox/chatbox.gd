class_name Chatbox
extends LonghallScreen
## Shows what players say and takes what this player types.
##
## In a scene with a [NetworkClient] it works as it is: it finds the client, says
## lines through it, and shows itself while the player is logged in or cut off.
## All that touches the client is in its child [code]Wiring[/code]; without that
## ([member wire_to_client] off) the parent does it: the chatbox emits
## [signal message_sent], the parent answers each one with [method line_accepted]
## or [method line_denied], and lines to show arrive through [method show_line].
## There is a tab for each channel and for the whispers with each player, of which
## there is one at first, the [member lobby]; a tab is named by its channel, or by an
## at sign and the other player's name: [code]"@bob"[/code].
## Whatever people type is shown as the plain text it is, never as BBCode.
## [br][br]
## It works on while the tree is paused; its [member Node.process_mode] is yours to
## change.
## [br][br]
## Its look is your game's: a [Theme] of the project, of a parent or of the chatbox
## itself is taken as far as it goes, and [code]longhall_theme.tres[/code] fills in
## the rest. What such a theme says of [code]Button[/code], [code]Label[/code],
## [code]Panel[/code] or [code]PanelContainer[/code] holds for our variations of them
## too, unless it names those: [code]PrimaryButton[/code], [code]SmallButton[/code],
## [code]HeaderBar[/code], [code]LogPanel[/code]. [code]StatusError[/code] keeps its
## colour until it is named, because that means something. The colours of lines are
## those of the type [code]Chatbox[/code], and [member sender_colors].

# The file is long because it is all that a game sees of the chatbox, with its words: what
# stands behind a method is a line or two, the work is done by the parts beside this file.

## The player sent a line in [param channel]. It stays unanswered until
## [method line_accepted] or [method line_denied] is called; [member sent_id] tells it
## apart from others.
signal message_sent(text: String, channel: String)
## The player entered a command, such as [code]/who[/code]; only with
## [member takes_commands]. The parent does it, or calls [method command_denied].
signal command_entered(text: String, channel: String)
## The input begins with [param text]: what it could become is told by
## [method set_completions].
signal completion_requested(text: String)
## The reader is at the top of what there is in [param channel], and
## [method show_history] said that there is more. It brings them, or
## [method history_denied] says that they do not come.
signal history_requested(channel: String)
## The newest line in [param channel] has come into sight.
signal read(channel: String, seq: int)
## Another tab came into view.
signal tab_changed(channel: String)
## The player wants to leave [param channel]. Its tab stays until [method close_tab].
signal leave_requested(channel: String)
## The player wants to be in [param channel]. [method open_tab] shows it, or
## [method show_channel_denied] says why not.
signal join_requested(channel: String, password: String)
## The player wants a new channel, with [param access] "open", "invite" or "password".
## [method open_tab] shows it, or [method show_channel_denied] says why not.
signal create_requested(channel: String, access: String, password: String, topic: String)
## The player wants to be in the channel with that code, one of a match or a party.
## [method open_tab] shows it, or [method show_channel_denied] says why not.
signal code_entered(code: String)
## The player wants a channel for a party. [method open_tab] and [method set_code] show it, or
## [method show_channel_denied] says why not.
signal party_requested
## The player wants [param channel] to be over for everybody in it. Its tab stays until
## [method close_tab].
signal end_requested(channel: String)
## The list of channels is opened; [method set_channels] and [method set_halls] fill it.
signal channels_requested
## The player wants to be in that hall of the lobby; [method enter_hall] shows it.
signal hall_requested(hall: int)
## The roster of [param channel] is opened; [method set_members] fills it.
signal members_requested(channel: String)
## The player changed the text of an own line. [method edit_line] shows it so.
signal edit_requested(channel: String, seq: int, text: String)
## The player wants to delete an own line. [method delete_line] shows it so.
signal delete_requested(channel: String, seq: int)
## The player chose to whisper to [param username]; the tab is open already.
signal whisper_requested(username: String)
## The player wants to hear nothing more of [param username].
signal block_requested(username: String)
## The player reports line [param seq] of [param channel], or [param player] when
## [param seq] is 0, to the moderators. [method report_answered] says what became of it.
signal report_requested(channel: String, seq: int, player: String, category: String, note: String)
## A moderator looks at reports that are open, or closed: those before number
## [param before], or the newest when it is 0. [method show_reports] lists them.
signal reports_requested(is_open: bool, before: int)
## A moderator looks at [param report]; [method show_report_lines] shows what was kept.
signal report_lines_requested(report: int)
## A moderator closes [param report] as "acted" or "dismissed".
## [method report_close_answered] says whether it is closed.
signal report_close_requested(report: int, outcome: String, note: String)
## The player mutes, kicks or bans [param player] in [param channel], or without one on the
## whole server: [param sanction] is "mute", "kick" or "ban". For [param seconds]; 0 is without
## end, and less as long as the server thinks fit. [method sanction_answered] says what became
## of it.
signal sanction_requested(
	player: String, sanction: String, channel: String, seconds: int, reason: String
)
## The player lifts a mute or a ban. [method sanction_answered] says what became of it.
signal lift_requested(player: String, sanction: String, channel: String)
## The player deletes what [param player] said in the last [param seconds], or with less than 0
## all of it, in [param channel] or without one in all of them. [method sanction_answered] says
## what became of it.
signal lines_deletion_requested(player: String, channel: String, seconds: int)
## A moderator looks at [param player]; [method set_sanctions] tells what stands against them.
signal sanctions_requested(player: String)
## The player wants to log out.
signal logout_requested
## The player does not want to wait for the next try to connect.
signal retry_requested
## The player chose the name of somebody who said something.
signal name_clicked(username: String)
## A line has come in which somebody else mentions this player's name.
signal mentioned(sender: String, text: String)

const Actions := preload("actions.gd")
const Answers := preload("answers.gd")
const Arrivals := preload("arrivals.gd")
const ChannelMenu := preload("channel_menu.gd")
const ChatHeader := preload("chat_header.gd")
const ChatInput := preload("chat_input.gd")
const ChatTab := preload("chat_tab.gd")
const ChatTabs := preload("chat_tabs.gd")
const Composer := preload("composer.gd")
const LineWriter := preload("chat_line_writer.gd")
const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const Members := preload("members.gd")
const Order := preload("order.gd")
const Reading := preload("reading.gd")
const Reports := preload("reports.gd")
const Roster := preload("roster.gd")
const Settings := preload("chat_settings.gd")

## Denials after which the line may have been said nevertheless.
const UNCERTAIN_CODES: Array[String] = ["connection_lost", "timed_out", "cancelled"]

@export_group("Look")

## Your game's sign in the header, instead of the hall. Colours and sizes of the rest
## come from a [Theme].
@export var icon: Texture2D:
	set(value):
		icon = value
		if is_node_ready():
			_refresh_header()

## Whether the header has a button for the channels there are, as far as the server
## or the parent knows of channels, see [member offers_channels].
@export var show_channels_button: bool = true:
	set(value):
		show_channels_button = value
		if is_node_ready():
			_refresh_header()

## Whether the header has a button for who is here.
@export var show_roster_button: bool = true:
	set(value):
		show_roster_button = value
		if is_node_ready():
			_refresh_header()

## Whether the header has a button for the player's account: password, devices, recovery
## codes and so on.
@export var show_account_button: bool = true:
	set(value):
		show_account_button = value
		if is_node_ready():
			_refresh_header()

## Whether the header is shown, with the player's name and the way out.
@export var show_header: bool = true:
	set(value):
		show_header = value
		if is_node_ready():
			_refresh_header()

@export_group("Lines")

## How a line reads: as in most chats, as in a story ([code]Ada says: "hello"[/code]), or
## as you write it here. [code]{sender}[/code] and [code]{text}[/code] stand for what
## arrived, all else is shown as it is, or as its translation.
@export_custom(PROPERTY_HINT_ENUM_SUGGESTION, '{sender}: {text},{sender} says: "{text}"')
var line_format: String = "{sender}: {text}":
	set(value):
		line_format = value
		_rewrite_logs()

## How a line reads that was typed as [code]/me waves[/code].
@export var action_format: String = "* {sender} {text}":
	set(value):
		action_format = value
		_rewrite_logs()

## Whether lines begin with the local time at which they were sent, with days between
## lines of different days.
@export var show_timestamps: bool = false:
	set(value):
		show_timestamps = value
		_rewrite_logs()

## Whether lines that mention this player's name stand out, see [signal mentioned].
@export var highlight_mentions: bool = true:
	set(value):
		highlight_mentions = value
		_hand_down()

## Whether the log tells in a quiet line who comes and who goes.
@export var show_member_changes: bool = true

## Whether a name that is clicked goes into the input, as [code]@name[/code].
@export var insert_clicked_names: bool = true:
	set(value):
		insert_clicked_names = value
		_hand_down()

## Colours for the names of other players; each name always gets the same one.
@export var sender_colors: PackedColorArray = PackedColorArray(LineWriter.SENDER_COLORS):
	set(value):
		sender_colors = value
		_rewrite_logs()

@export_group("Limits")

## Lines of a tab that are laid out, and kept if they have no number; the oldest leave
## first.
@export_range(10, 10000, 1, "or_greater") var max_lines: int = 500:
	set(value):
		max_lines = maxi(value, 1)
		_rewrite_logs()

## Lines of a tab kept for who scrolls up, of those that have a number. With more, no
## older ones are asked for.
@export_range(500, 100000, 1, "or_greater") var max_history_lines: int = 10_000:
	set(value):
		max_history_lines = maxi(value, 1)
		_rewrite_logs()

## Characters one line may have.
@export_range(1, 2000, 1, "or_greater") var line_max_length: int = 500:
	set(value):
		line_max_length = maxi(value, 1)
		_hand_down()
		if is_node_ready():
			_composer.refresh()

## Lines of this player that may wait for an answer or a decision in one tab; with
## more, no other can be sent there.
@export_range(1, 100) var max_unanswered: int = 20:
	set(value):
		max_unanswered = maxi(value, 1)
		_hand_down()

## Time that writing lines may take in one frame. What does not fit comes in the next.
@export_range(0.1, 16.0, 0.1, "suffix:ms") var frame_budget_ms: float = 2.0:
	set(value):
		frame_budget_ms = maxf(value, 0.1)
		_rewrite_logs()

## The name of this player: shown in the header, and tells own lines apart.
var username: String = "":
	set(value):
		username = value
		_hand_down()
		if is_node_ready():
			_refresh_header()

## The channel of the first tab, which cannot be closed.
var lobby: String = "lobby":
	set(value):
		lobby = value
		if is_node_ready():
			_tabs.all[0].channel = value
			_tabs.refresh()

## The channel in view.
var current_channel: String:
	get:
		return _tabs.current.channel
	set(value):
		_tabs.enter(_tabs.of(value))

## Whether there are channels, whispers and rosters beside the lobby: the header has
## buttons for them, and names can be whispered to.
var offers_channels: bool = false:
	set(value):
		offers_channels = value
		_hand_down()
		if is_node_ready():
			_refresh_header()

## Whether what begins with a slash is a command, told by [signal command_entered],
## and not a line.
var takes_commands: bool = false:
	set(value):
		takes_commands = value
		_hand_down()
		if is_node_ready():
			_input.takes_commands = value

## What the player has typed and not sent in the tab in view.
var draft: String:
	get:
		return _input.text
	set(value):
		_input.hold(value)

## The number of the line that [signal message_sent] told of last. The next one has the
## next number.
var sent_id: int = 0:
	set(value):
		sent_id = value
		if is_node_ready():
			_composer.last_id = value

var _settings := Settings.new()

# Parts, child nodes with a script each, do the work behind the methods here: they
# share the tabs and the settings that are handed down, and tell by signals what the player
# wants.
@onready var _tabs: ChatTabs = %ChatTabs
@onready var _composer: Composer = %Composer
@onready var _answers: Answers = %Answers
@onready var _arrivals: Arrivals = %Arrivals
@onready var _reading: Reading = %Reading
@onready var _members: Members = %Members
@onready var _actions: Actions = %Actions
@onready var _content: MarginContainer = $MarginContainer
@onready var _header: ChatHeader = %Header
@onready var _banner: PanelContainer = %Banner
@onready var _banner_text: Label = %Label_Banner
@onready var _try_now: Button = %Button_TryNow
@onready var _input: ChatInput = %LineEdit
@onready var _logout: Button = %Button_Logout
@onready var _account: AccountScreen = %Account
@onready var _channel_menu: ChannelMenu = %ChannelMenu
@onready var _reports: Reports = %Reports
@onready var _order: Order = %Order


func _init() -> void:
	super()
	_hand_down()


func _enter_tree() -> void:
	LonghallText.refresh()
	if is_node_ready():
		# It may have left a tree in sight and come into one that is not.
		_reading.is_shown = is_visible_in_tree()


func _ready() -> void:
	Look.dress(self)
	_connect_parts()
	_input.completions = %Completions
	_input.names = known_names
	_input.takes_commands = takes_commands
	_composer.last_id = sent_id
	_tabs.start(lobby)
	_answers.refresh()
	_rewrite_logs()
	_refresh_header()
	set_online(true)
	_tabs.refresh()
	_start()
	_on_visibility_changed()


func _process(delta: float) -> void:
	if _tabs.is_stale:
		_tabs.is_stale = false
		_tabs.refresh()
	_reading.show_loading(delta)


func _notification(what: int) -> void:
	match what:
		NOTIFICATION_TRANSLATION_CHANGED when is_node_ready():
			LonghallText.refresh()
			_composer.refresh()
			_tabs.refresh()
			_reading.refresh()
		NOTIFICATION_THEME_CHANGED when is_node_ready():
			Look.dress(self)
			_rewrite_logs()
		NOTIFICATION_WM_WINDOW_FOCUS_IN when is_node_ready():
			_reading.is_in_use = true
		NOTIFICATION_WM_WINDOW_FOCUS_OUT when is_node_ready():
			_reading.is_in_use = false


func _unhandled_key_input(event: InputEvent) -> void:
	var nobody_has_focus: bool = get_viewport().gui_get_focus_owner() == null
	if nobody_has_focus and is_visible_in_tree() and event.is_action_pressed(&"ui_text_submit"):
		_input.edit()
		accept_event()


# Tabs.


## Opens a tab for [param channel] if there is none. With [param and_show] it comes
## into view.
func open_tab(channel: String, and_show: bool = false) -> void:
	var tab: ChatTab = _tabs.of(channel)
	tab.is_open = true
	_tabs.is_stale = true
	if and_show:
		_channel_menu.close()
		_tabs.enter(tab)


## The lobby is [param channel] from now on, its hall number [param hall]: the first tab is that
## one's. The lines, counts and the roster of the hall before are forgotten; what the player has
## typed stays. [param hall] is 0 where the lobby has one hall for all.
func enter_hall(channel: String, hall: int) -> void:
	var first: ChatTab = _tabs.all[0]
	first.hall = hall
	_tabs.is_stale = true
	if first.channel == channel:
		return
	var is_in_view: bool = first == _tabs.current
	_composer.keep_draft()
	_composer.give_up_edit(first)
	if is_in_view:
		_actions.forget_lines()
	_channel_menu.close()
	_tabs.move_first(channel)
	lobby = channel
	_answers.refresh()
	_composer.refresh()
	if is_in_view:
		_members.refresh()
		_members.follow_tab()
		tab_changed.emit(channel)


## Closes the tab of [param channel]. The lines of a channel are forgotten, those of
## whispers are there when it is opened again. The lobby stays.
func close_tab(channel: String) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab != null:
		_tabs.close(tab)


## The channels that have a tab, the lobby first; also those whose tab is closed but
## whose lines are kept, with [param also_closed].
func channels(also_closed: bool = false) -> Array[String]:
	var found: Array[String] = []
	for tab: ChatTab in _tabs.all:
		if tab.is_open or also_closed:
			found.append(tab.channel)
	return found


## What the player has typed and not sent, by channel.
func drafts() -> Dictionary[String, String]:
	return _composer.drafts()


## Holds [param text] as the draft of [param channel], if that has none.
func set_draft(channel: String, text: String) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab == null:
		tab = _tabs.of(channel)
		tab.is_open = false
	_composer.hold(tab, text)


## The log of [param channel]; null if it has no tab.
func get_log(channel: String) -> ChatLog:
	var tab: ChatTab = _tabs.existing(channel)
	return null if tab == null else tab.chat_log


## Names that may be meant in the tab in view, those who said something lately first.
## The first time the roster is asked for, too.
func known_names() -> Array[String]:
	return _members.known_names()


## Whether the roster of [param channel] is in view.
func shows_roster_of(channel: String) -> bool:
	return _members.shows_roster_of(channel)


## Tells how many lines of [param channel] are new, and up to which number the player
## has read, perhaps elsewhere; a mark stands there in what is shown from now on. From
## then on the chatbox does not count by itself.
func set_unread(channel: String, unread: int, read_seq: int = -1) -> void:
	_reading.set_unread(_tabs.of(channel), unread, read_seq)


## Tells what [param channel] is about.
func set_topic(channel: String, topic: String) -> void:
	_tabs.of(channel).topic = topic
	_tabs.is_stale = true


## Tells the code that others come into [param channel] by: a button shows and copies it, and its
## owner may end the channel. Empty for channels that stay.
func set_code(channel: String, code: String) -> void:
	_tabs.of(channel).code = code
	_tabs.is_stale = true


## Tells that the player may say a line in [param channel] every [param seconds] only: slow
## mode. The button to send counts down between. 0 if there is none, or not for this player.
func set_slow_mode(channel: String, seconds: int) -> void:
	_composer.set_slow_mode(_tabs.of(channel), seconds)


## Tells how many are in [param channel], and how many of them are there.
func set_counts(channel: String, members: int, online: int) -> void:
	_members.set_counts(channel, members, online)


## Shows [param members] in the roster:
## [code]{username, role, server_role, state, text}[/code] each.
func set_members(channel: String, members: Array[Dictionary]) -> void:
	_members.set_all(channel, members)


## Tells whether [param player] is "online", "away" or "offline" in [param channel],
## and what they say of themselves. An empty [param role] is the one they had.
func set_presence(
	channel: String, player: String, state: String, text: String = "", role: String = ""
) -> void:
	_members.set_presence(channel, player, state, text, role)


## Puts [param player] into the roster of [param channel], without knowing more.
func add_member(channel: String, player: String) -> void:
	_members.add(channel, player)


## Whether all is known of those who are in [param channel].
func is_roster_complete(channel: String) -> bool:
	return _members.are_all_known(channel)


## Takes [param player] out of the roster of [param channel].
func remove_member(channel: String, player: String) -> void:
	_members.remove(channel, player)


## Lists the channels that can be joined: [code]{channel, topic, access, members}[/code]
## each.
func set_channels(list: Array[Dictionary]) -> void:
	_channel_menu.show_channels(list)


## Lists the halls of the lobby as [method NetworkClient.list_halls] brings them, above the
## channels. One alone is not shown.
func set_halls(list: Array[Dictionary]) -> void:
	_channel_menu.show_halls(list)


## Tells why the channel that was asked for was not joined or created. With
## [param needs_password] the player is asked for one.
func show_channel_denied(text: String, needs_password: bool = false) -> void:
	if _channel_menu.visible:
		_channel_menu.show_denied(text, needs_password)
	else:
		show_hint(text)


# Reports.


## Tells that a report was taken, or with [param denied] why not.
func report_answered(denied: String = "") -> void:
	_reports.settle(denied)


## Tells that so many reports wait for this moderator. Negative: the player is none.
func set_reports_waiting(count: int) -> void:
	_reports.set_waiting(count)


## Lists [param reports] as [method NetworkClient.list_reports] brings them, behind those
## that are shown when they were asked for with [param before]. [param more] says whether
## there are more.
func show_reports(reports: Array[Dictionary], before: int, more: bool) -> void:
	_reports.queue().show_page(reports, before, more)


## Shows [param lines] that were kept with [param report].
func show_report_lines(report: int, lines: Array[Dictionary]) -> void:
	_reports.queue().show_lines(report, lines)


## Tells that [param report] is closed, or with [param denied] why not; also why a list or
## lines did not come.
func report_close_answered(report: int, denied: String = "") -> void:
	if denied.is_empty():
		_reports.queue().show_closed(report)
	else:
		_reports.queue().show_denied(denied)


# Order.


## Tells what this player may do in [param channel]: "member", "operator" or "owner".
func set_role(channel: String, role: String) -> void:
	_tabs.of(channel).role = role


## Tells what this player may do on the whole server: "player", "moderator" or "admin".
func set_server_role(role: String) -> void:
	_order.server_role = role


## Tells that a sanction was set or lifted, or lines deleted, or with [param denied] why not.
func sanction_answered(denied: String = "") -> void:
	_order.settle(denied)


## Tells which [param sanctions] stand against [param player], each as of
## [signal NetworkClient.sanctioned].
func set_sanctions(player: String, sanctions: Array[Dictionary]) -> void:
	_order.set_standing(player, sanctions)


## Tells that [param sanction] stands against [param player] from now on.
func add_sanction(player: String, sanction: Dictionary) -> void:
	_order.add_standing(player, sanction)


## Tells that a mute or a ban of [param player] was lifted.
func remove_sanction(player: String, sanction: String, channel: String) -> void:
	_order.remove_standing(player, sanction, channel)


# Lines.


## Adds what [param sender] said in [param channel] at [param sent_at_ms] (milliseconds
## since 1970, UTC), the line number [param seq] there if it has one. An own line takes
## the place of the one that waited for it.
func show_line(
	channel: String, sender: String, text: String, sent_at_ms: int, seq: int = 0
) -> void:
	_arrivals.add_line(channel, sender, text, sent_at_ms, seq)


## Adds what the game itself said, unlike any player's line. The rest is as for
## [method show_line].
func show_system_line(channel: String, text: String, sent_at_ms: int, seq: int = 0) -> void:
	_arrivals.add_system_line(channel, text, sent_at_ms, seq)


## Adds older lines above all others, without moving the reader:
## [code]{seq, sender, text, sent_at_ms, edited_at_ms, deleted, hidden, system}[/code] each.
## [param more] says whether there are still older ones.
func show_history(channel: String, lines: Array[Dictionary], more: bool) -> void:
	_arrivals.add_page(channel, lines, more)


## Tells that older lines did not come; the player may ask again.
func history_denied(channel: String) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab != null:
		tab.chat_log.is_loading = false


## The lines from [param first_seq] to [param last_seq] were left out. They are above
## those that come next, for who looks them up; what was there is forgotten.
func show_skipped(channel: String, first_seq: int, last_seq: int) -> void:
	_tabs.of(channel).chat_log.skip(first_seq, last_seq)


## The line [param seq] reads [param text] from now on.
func edit_line(channel: String, seq: int, text: String) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab != null:
		tab.chat_log.edit(seq, text)


## Nothing but a trace is left of the line [param seq].
func delete_line(channel: String, seq: int) -> void:
	var tab: ChatTab = _tabs.existing(channel)
	if tab == null:
		return
	tab.chat_log.delete(seq)
	if tab.edited_seq == seq:
		_composer.end_edit(tab)


## Adds a line that nobody said: a welcome, "Reconnected". Shown in the language of
## the game, if that has it, in the tab in view unless [param channel] is given.
func show_notice(text: String, channel: String = "") -> void:
	var tab: ChatTab = _tabs.current if channel.is_empty() else _tabs.of(channel)
	for one: String in text.split("\n", false):
		_arrivals.add_notice(tab, one, tab != _tabs.current)


## Adds such a line to [param channel] without anybody missing it who does not see it.
func show_aside(text: String, channel: String) -> void:
	_arrivals.add_notice(_tabs.of(channel), text, true)


## Tells in a quiet line that [param player] "joined" or "left"; those who do so one
## after the other share a line.
func show_member_notice(channel: String, change: String, player: String) -> void:
	if show_member_changes:
		_tabs.of(channel).chat_log.tell_member(player, change == "joined")


## Says [param text] above the input, until a line is sent.
func show_hint(text: String) -> void:
	_tabs.current.refusals.hint(func() -> String: return text)


## Tells that a line was taken: the one with that [member sent_id], or the oldest
## unanswered one. [param seq] is the number it got.
func line_accepted(id: int = 0, seq: int = 0) -> void:
	_answers.accept(id, seq)


## Tells that a line was refused, and why: as [method LonghallText.of_denial] says
## it. Its text comes back as the draft, or waits beside it when the player has
## typed on. A line that may have been said nevertheless stays where it is, and can
## be sent again or dismissed.
func line_denied(
	code: String,
	reason: String,
	id: int = 0,
	field: String = "",
	limit: int = 0,
	retry_after: float = 0.0
) -> void:
	var why: Callable = func() -> String:
		return LonghallText.of_denial(code, reason, field, limit, retry_after)
	if code in UNCERTAIN_CODES:
		_answers.doubt(id, why)
	else:
		_composer.note_refused(id, code, retry_after)
		_answers.refuse(id, why)


## Tells that a command, or a change of a line, was refused, and why. [param text]
## comes back as the draft if there is none.
func command_denied(channel: String, text: String, why: String) -> void:
	_answers.refuse_command(channel, text, why)


## Tells that a line was taken in a hall of the lobby that the player has left since: it goes
## with that one's lines.
func line_left_behind(id: int) -> void:
	_answers.drop(id)


## Tells that the connection in which lines were accepted is over: those that were
## taken, but have not come back yet, are shown as said.
func settle_accepted() -> void:
	_answers.settle_accepted()


## Whether lines can be sent now. While they cannot, [param text] says why; the
## draft stays and can be edited. With [param can_retry] a button offers to try now.
## With [param lines_can_wait] they can be sent nevertheless, and wait.
func set_online(
	online: bool, text: String = "", can_retry: bool = false, lines_can_wait: bool = false
) -> void:
	_banner_text.text = text
	_banner.visible = not online
	_try_now.visible = can_retry
	_composer.set_online(online, text, lines_can_wait)
	_answers.set_online(online)


## Offers what the input could become: [code]{text, label, hint}[/code] each. None takes
## the offer back.
func set_completions(options: Array[Dictionary]) -> void:
	_input.offer(options)


## All that the player typed and nobody has taken: refused lines, unanswered
## ones and the drafts.
func unsent_text() -> String:
	return _answers.unsent_text()


## Forgets tabs, lines, names and drafts, for another player.
func reset() -> void:
	_tabs.reset()
	_composer.end_edit(_tabs.current)
	_channel_menu.close()
	_account.close()
	_reports.close()
	_order.close()
	_members.show_roster(false)
	draft = ""
	_tabs.refresh()


## Forgets lines, marks, counts and rosters, because none of them is true any more:
## another history is behind the chat. What the player has typed stays, and so do lines
## that wait to be said; tabs of whispers stay only where there is such a thing.
func begin_anew() -> void:
	_composer.keep_draft()
	_actions.forget_lines()
	for tab: ChatTab in _tabs.all.duplicate():
		_composer.give_up_edit(tab)
		tab.begin_anew()
		if tab.is_whispers() and not tab.has_something_unsent():
			_tabs.forget(tab)
	_answers.refresh()
	_tabs.is_stale = true


## Puts [param text] where the cursor is. Several lines become one, with a space
## where each of them ended.
func paste(text: String) -> void:
	_input.paste(text)


## Lines kept in the tab in view, notices included.
func line_count() -> int:
	return _tabs.current.chat_log.line_count()


## Whether [param text] has this player's name as a word of its own.
func mentions_me(text: String) -> bool:
	return _settings.mentions_me(text)


## Has the header open the account of the player of [param client]; of nobody with null.
func offer_account(of_client: NetworkClient) -> void:
	_account.client = of_client
	_account.wire_to_client = of_client != null
	_header.offers_account = of_client != null


func _hand_down() -> void:
	_settings.line_format = line_format
	_settings.action_format = action_format
	_settings.show_timestamps = show_timestamps
	_settings.sender_colors = sender_colors
	_settings.highlight_mentions = highlight_mentions
	_settings.insert_clicked_names = insert_clicked_names
	_settings.max_lines = max_lines
	_settings.max_history_lines = max_history_lines
	_settings.line_max_length = line_max_length
	_settings.max_unanswered = max_unanswered
	_settings.frame_budget_ms = frame_budget_ms
	_settings.username = username
	_settings.offers_channels = offers_channels
	_settings.takes_commands = takes_commands


func _connect_parts() -> void:
	_tabs.settings = _settings
	_composer.settings = _settings
	_arrivals.settings = _settings
	_members.settings = _settings
	_actions.settings = _settings
	_composer.line_said.connect(_on_composer_line_said)
	_composer.command_entered.connect(command_entered.emit)
	_composer.edit_requested.connect(edit_requested.emit)
	_input.completion_wanted.connect(completion_requested.emit)
	_arrivals.mentioned.connect(mentioned.emit)
	_reading.history_requested.connect(history_requested.emit)
	_reading.read.connect(read.emit)
	_members.members_requested.connect(members_requested.emit)
	_actions.name_clicked.connect(name_clicked.emit)
	_actions.delete_requested.connect(delete_requested.emit)
	_actions.whisper_requested.connect(_on_actions_whisper_requested)
	_actions.block_requested.connect(block_requested.emit)
	_actions.leave_requested.connect(leave_requested.emit)
	_actions.end_requested.connect(end_requested.emit)
	_actions.join_requested.connect(join_requested.emit)
	_channel_menu.code_entered.connect(code_entered.emit)
	_channel_menu.party_requested.connect(party_requested.emit)
	_channel_menu.hall_requested.connect(hall_requested.emit)
	_channel_menu.create_requested.connect(create_requested.emit)
	_reports.report_requested.connect(report_requested.emit)
	_reports.reports_requested.connect(reports_requested.emit)
	_reports.report_lines_requested.connect(report_lines_requested.emit)
	_reports.report_close_requested.connect(report_close_requested.emit)
	_order.sanction_requested.connect(sanction_requested.emit)
	_order.lift_requested.connect(lift_requested.emit)
	_order.lines_deletion_requested.connect(lines_deletion_requested.emit)
	_order.sanctions_requested.connect(sanctions_requested.emit)
	_try_now.pressed.connect(retry_requested.emit)
	_logout.pressed.connect(logout_requested.emit)


func _make_room() -> void:
	for part: Control in [_content, _channel_menu]:
		part.offset_bottom = -keyboard_height


func _rewrite_logs() -> void:
	_hand_down()
	if is_node_ready():
		_tabs.rewrite()


func _refresh_header() -> void:
	_header.visible = show_header
	_header.show_player(username, icon)
	_header.offers_channels = offers_channels
	_header.wants_channels = show_channels_button
	_header.wants_roster = show_roster_button
	_header.wants_account = show_account_button
	_actions.refresh()
	_members.refresh()


func _on_visibility_changed() -> void:
	if not is_node_ready():
		return
	_reading.is_shown = is_visible_in_tree()
	if is_visible_in_tree() and focus_when_shown:
		_input.edit()


func _on_chat_tabs_entered() -> void:
	_composer.take_draft()
	_answers.refresh()
	_reading.attend()
	_tabs.refresh()
	_reading.refresh()
	_members.follow_tab()
	_composer.type_on()
	tab_changed.emit(current_channel)


func _on_composer_line_said(text: String, channel: String, id: int) -> void:
	sent_id = id
	message_sent.emit(text, channel)


func _on_actions_whisper_requested(player: String) -> void:
	open_tab(ChatTab.WHISPERS + player, true)
	whisper_requested.emit(player)


func _on_button_channels_pressed() -> void:
	var tab: ChatTab = _tabs.current
	_channel_menu.open(channels(), tab.channel if tab.may_end() else "")
	channels_requested.emit()
