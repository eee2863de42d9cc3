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
## The list of channels is opened; [method set_channels] fills it.
signal channels_requested
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
## The player wants to log out.
signal logout_requested
## The player does not want to wait for the next try to connect.
signal retry_requested
## The player chose the name of somebody who said something.
signal name_clicked(username: String)
## A line has come in which somebody else mentions this player's name.
signal mentioned(sender: String, text: String)

const ChannelMenu := preload("channel_menu.gd")
const ChatHeader := preload("chat_header.gd")
const ChatInput := preload("chat_input.gd")
const ChatTab := preload("chat_tab.gd")
const Line := preload("chat_line.gd")
const LineMenu := preload("line_menu.gd")
const Look := preload("res://addons/longhall/scenes/longhall_look.gd")
const RefusalStrip := preload("refusal_strip.gd")
const Roster := preload("roster.gd")
const TabRow := preload("tab_row.gd")

## Denials after which the line may have been said nevertheless.
const UNCERTAIN_CODES: Array[String] = ["connection_lost", "timed_out", "cancelled"]

## Part of the limit at which the counter appears.
const _COUNTER_FROM: float = 0.8
## Typing goes on beyond the limit, so that a pasted text can be shortened
## instead of being cut; this many times the limit is enough.
const _TYPING_ROOM: int = 4
## Below this width the roster lies over the log.
const _NARROW_FOR_ROSTER: float = 640.0
const _ROSTER_WIDTH: float = 220.0
## Pages by which a gamepad scrolls.
const _GAMEPAD_STEP: float = 0.3

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

## Whether the header is shown, with the player's name and the way out.
@export var show_header: bool = true:
	set(value):
		show_header = value
		if is_node_ready():
			_refresh_header()

@export_group("Lines")

## How a line reads. [code]{sender}[/code] and [code]{text}[/code] stand for what
## arrived, all else is shown as it is, or as its translation.
@export var line_format: String = '{sender} says: "{text}"':
	set(value):
		line_format = value
		_refresh_log()

## How a line reads that was typed as [code]/me waves[/code].
@export var action_format: String = "* {sender} {text}":
	set(value):
		action_format = value
		_refresh_log()

## Whether lines begin with the local time at which they were sent, with days between
## lines of different days.
@export var show_timestamps: bool = false:
	set(value):
		show_timestamps = value
		_refresh_log()

## Whether lines that mention this player's name stand out, see [signal mentioned].
@export var highlight_mentions: bool = true

## Whether the log tells in a quiet line who comes and who goes.
@export var show_member_changes: bool = true

## Whether a name that is clicked goes into the input, as [code]@name[/code].
@export var insert_clicked_names: bool = true

## Colours for the names of other players; each name always gets the same one.
@export var sender_colors: PackedColorArray = [
	Color("#8fd0ff"),
	Color("#a3d98a"),
	Color("#ffa98f"),
	Color("#d8b4fe"),
	Color("#7fe0d0"),
	Color("#ffb3d1"),
	Color("#c7d46b"),
	Color("#b0c4ff"),
	Color("#9fe3b0"),
	Color("#e8a6f0"),
	Color("#d9c5a0"),
]:
	set(value):
		sender_colors = value
		_refresh_log()

@export_group("Limits")

## Lines of a tab that are laid out, and kept if they have no number; the oldest leave
## first.
@export_range(10, 10000, 1, "or_greater") var max_lines: int = 500:
	set(value):
		max_lines = maxi(value, 1)
		_refresh_log()

## Lines of a tab kept for who scrolls up, of those that have a number. With more, no
## older ones are asked for.
@export_range(500, 100000, 1, "or_greater") var max_history_lines: int = 10_000:
	set(value):
		max_history_lines = maxi(value, 1)
		_refresh_log()

## Characters one line may have.
@export_range(1, 2000, 1, "or_greater") var line_max_length: int = 500:
	set(value):
		line_max_length = maxi(value, 1)
		if is_node_ready():
			_refresh_input()

## Lines of this player that may wait for an answer or a decision in one tab; with
## more, no other can be sent there.
@export_range(1, 100) var max_unanswered: int = 20:
	set(value):
		max_unanswered = maxi(value, 1)

## Time that writing lines may take in one frame. What does not fit comes in the next.
@export_range(0.1, 16.0, 0.1, "suffix:ms") var frame_budget_ms: float = 2.0:
	set(value):
		frame_budget_ms = maxf(value, 0.1)
		_refresh_log()

## The name of this player: shown in the header, and tells own lines apart.
var username: String = "":
	set(value):
		username = value
		_mention = _pattern_of(value)
		if is_node_ready():
			_refresh_header()

## The channel of the first tab, which cannot be closed.
var lobby: String = "lobby":
	set(value):
		lobby = value
		if is_node_ready():
			_tabs[0].channel = value
			_refresh_tabs()

## The channel in view.
var current_channel: String:
	get:
		return _tab.channel
	set(value):
		_show_tab(_tab_of(value))

## Whether there are channels, whispers and rosters beside the lobby: the header has
## buttons for them, and names can be whispered to.
var offers_channels: bool = false:
	set(value):
		offers_channels = value
		if is_node_ready():
			_refresh_header()

## Whether what begins with a slash is a command, told by [signal command_entered],
## and not a line.
var takes_commands: bool = false:
	set(value):
		takes_commands = value
		if is_node_ready():
			_input.takes_commands = value

## What the player has typed and not sent in the tab in view.
var draft: String:
	get:
		return _input.text
	set(value):
		_input.hold(value)

## The number of the line that [signal message_sent] told of last.
var sent_id: int = 0

var _online: bool = true
var _lines_can_wait: bool = false
var _offline_text: String = ""
var _can_retry: bool = false
var _mention: RegEx
var _tabs: Array[ChatTab] = []
var _tab := ChatTab.new()
var _is_in_use: bool = true
var _are_tabs_stale: bool = false

@onready var _header: ChatHeader = %Header
@onready var _banner: PanelContainer = %Banner
@onready var _banner_text: Label = %Label_Banner
@onready var _try_now: Button = %Button_TryNow
@onready var _tab_row: TabRow = %TabRow
@onready var _topic: Label = %Label_Topic
@onready var _body: Control = %Body
@onready var _log_panel: PanelContainer = %LogPanel
@onready var _log: ChatLog = %ChatLog
@onready var _new_messages: Button = %Button_NewMessages
@onready var _loading: PanelContainer = %Loading
@onready var _spinner: TextureRect = %Spinner
@onready var _roster: Roster = %Roster
@onready var _strip: RefusalStrip = %Refusal
@onready var _edit_strip: PanelContainer = %EditStrip
@onready var _input: ChatInput = %LineEdit
@onready var _counter: Label = %Label_Counter
@onready var _send: Button = %Button_Send
@onready var _names: PopupMenu = %NamesMenu
@onready var _menu: LineMenu = %LineMenu
@onready var _channel_menu: ChannelMenu = %ChannelMenu


func _enter_tree() -> void:
	LonghallText.refresh()


func _ready() -> void:
	Look.dress(self)
	_tab.channel = lobby
	_input.completions = %Completions
	_input.names = known_names
	_input.takes_commands = takes_commands
	_adopt_log(_tab, _log)
	_tabs.append(_tab)
	_strip.refusals = _tab.refusals
	_refresh_log()
	_refresh_header()
	_refresh_banner()
	_refresh_input()
	_refresh_tabs()
	_wiring.start()
	_on_visibility_changed()


func _process(delta: float) -> void:
	if _are_tabs_stale:
		_are_tabs_stale = false
		_refresh_tabs()
	_loading.visible = _log.is_loading and _log.is_near_start()
	_spinner.pivot_offset = _spinner.size / 2.0
	_spinner.rotation += delta * TAU


func _notification(what: int) -> void:
	match what:
		NOTIFICATION_TRANSLATION_CHANGED when is_node_ready():
			LonghallText.refresh()
			_refresh_input()
			_refresh_tabs()
			_refresh_unread()
		NOTIFICATION_THEME_CHANGED when is_node_ready():
			Look.dress(self)
		NOTIFICATION_WM_WINDOW_FOCUS_IN, NOTIFICATION_WM_WINDOW_FOCUS_OUT:
			_is_in_use = what == NOTIFICATION_WM_WINDOW_FOCUS_IN
			_attend()


func _unhandled_key_input(event: InputEvent) -> void:
	var nobody_has_focus: bool = get_viewport().gui_get_focus_owner() == null
	if nobody_has_focus and is_visible_in_tree() and event.is_action_pressed(&"ui_text_submit"):
		_input.edit()
		accept_event()


# Tabs.


## Opens a tab for [param channel] if there is none. With [param and_show] it comes
## into view.
func open_tab(channel: String, and_show: bool = false) -> void:
	var tab: ChatTab = _tab_of(channel)
	tab.is_open = true
	_are_tabs_stale = true
	if and_show:
		_channel_menu.close()
		_show_tab(tab)


## Closes the tab of [param channel]. The lines of a channel are forgotten, those of
## whispers are there when it is opened again. The lobby stays.
func close_tab(channel: String) -> void:
	var tab: ChatTab = _existing_tab(channel)
	if tab == null or tab == _tabs[0]:
		return
	if tab == _tab:
		var open: Array[ChatTab] = _open_tabs()
		_show_tab(open[open.find(tab) - 1])
	tab.is_open = false
	if not tab.is_whispers():
		_tabs.erase(tab)
		tab.chat_log.queue_free()
	_refresh_tabs()


## The channels that have a tab, the lobby first; also those whose tab is closed but
## whose lines are kept, with [param also_closed].
func channels(also_closed: bool = false) -> Array[String]:
	var found: Array[String] = []
	for tab: ChatTab in _tabs:
		if tab.is_open or also_closed:
			found.append(tab.channel)
	return found


## The log of [param channel]; null if it has no tab.
func get_log(channel: String) -> ChatLog:
	var tab: ChatTab = _existing_tab(channel)
	return null if tab == null else tab.chat_log


## Names that may be meant in the tab in view, those who said something lately first.
## The first time the roster is asked for, too.
func known_names() -> Array[String]:
	if offers_channels and not _tab.has_asked_for_members:
		_tab.has_asked_for_members = true
		members_requested.emit(_tab.channel)
	var known: Array[String] = _tab.recent_names.duplicate()
	for player: String in _tab.members:
		if not player in known and player != username:
			known.append(player)
	return known


## Whether the roster of [param channel] is in view.
func shows_roster_of(channel: String) -> bool:
	return _roster.visible and _tab.channel == channel


## Tells how many lines of [param channel] are new, and up to which number the player
## has read, perhaps elsewhere; a mark stands there in what is shown from now on. From
## then on the chatbox does not count by itself.
func set_unread(channel: String, unread: int, read_seq: int = -1) -> void:
	var tab: ChatTab = _tab_of(channel)
	tab.unread_told = unread
	tab.is_open = tab.is_open or unread > 0
	if unread == 0:
		tab.has_mention = false
	if read_seq >= 0:
		tab.chat_log.tell_read(read_seq, unread > 0)
	_are_tabs_stale = true


## Tells what [param channel] is about.
func set_topic(channel: String, topic: String) -> void:
	_tab_of(channel).topic = topic
	_are_tabs_stale = true


## Tells how many are in [param channel], and how many of them are there.
func set_counts(channel: String, members: int, online: int) -> void:
	var tab: ChatTab = _tab_of(channel)
	tab.members_count = members
	tab.online_count = online
	_are_tabs_stale = true


## Shows [param members] in the roster: [code]{username, role, state, text}[/code] each.
func set_members(channel: String, members: Array[Dictionary]) -> void:
	var tab: ChatTab = _tab_of(channel)
	tab.members.clear()
	tab.has_newcomers = false
	for member: Dictionary in members:
		tab.members[member["username"]] = member
	_are_tabs_stale = true


## Tells whether [param player] is "online", "away" or "offline" in [param channel],
## and what they say of themselves. An empty [param role] is the one they had.
func set_presence(
	channel: String, player: String, state: String, text: String = "", role: String = ""
) -> void:
	var tab: ChatTab = _tab_of(channel)
	var known: Dictionary = tab.members.get(player, {})
	if role.is_empty():
		role = known.get("role", "")
	tab.members[player] = {username = player, role = role, state = state, text = text}
	_are_tabs_stale = true


## Puts [param player] into the roster of [param channel], without knowing more.
func add_member(channel: String, player: String) -> void:
	var tab: ChatTab = _tab_of(channel)
	tab.has_newcomers = true
	if not tab.members.has(player):
		set_presence(channel, player, "online")


## Whether all is known of those who are in [param channel].
func is_roster_complete(channel: String) -> bool:
	var tab: ChatTab = _tab_of(channel)
	return not tab.has_newcomers and tab.members.size() == tab.members_count


## Takes [param player] out of the roster of [param channel].
func remove_member(channel: String, player: String) -> void:
	_tab_of(channel).members.erase(player)
	_are_tabs_stale = true


## Lists the channels that can be joined: [code]{channel, topic, access, members}[/code]
## each.
func set_channels(list: Array[Dictionary]) -> void:
	_channel_menu.show_channels(list)


## Tells why the channel that was asked for was not joined or created. With
## [param needs_password] the player is asked for one.
func show_channel_denied(text: String, needs_password: bool = false) -> void:
	if _channel_menu.visible:
		_channel_menu.show_denied(text, needs_password)
	else:
		show_hint(text)


# Lines.


## Adds what [param sender] said in [param channel] at [param sent_at_ms] (milliseconds
## since 1970, UTC), the line number [param seq] there if it has one. An own line takes
## the place of the one that waited for it.
func show_line(
	channel: String, sender: String, text: String, sent_at_ms: int, seq: int = 0
) -> void:
	var tab: ChatTab = _tab_of(channel)
	var line: Line = _line_of(sender, text, sent_at_ms, seq)
	_are_tabs_stale = true
	tab.is_open = true
	if line.is_own:
		tab.chat_log.add_echo(line)
		return
	tab.remember_name(sender)
	line.is_mention = highlight_mentions and mentions_me(text)
	var is_new: bool = seq == 0 or seq > tab.chat_log.read_seq
	if line.is_mention and is_new and not _is_watched(tab):
		tab.has_mention = true
	tab.chat_log.add_line(line)
	if line.is_mention and is_new:
		mentioned.emit(sender, text)


## Adds older lines above all others, without moving the reader:
## [code]{seq, sender, text, sent_at_ms, edited_at_ms, deleted, hidden}[/code] each.
## [param more] says whether there are still older ones.
func show_history(channel: String, lines: Array[Dictionary], more: bool) -> void:
	var tab: ChatTab = _existing_tab(channel)
	if tab == null:
		tab = _tab_of(channel)
		# Old whispers alone are no reason for a tab.
		tab.is_open = not tab.is_whispers()
	var shown: Array[Line] = []
	var from_seq: int = 0
	for told: Dictionary in lines:
		var seq: int = told["seq"]
		if from_seq == 0:
			from_seq = seq
		if told.get("hidden", false):
			continue
		var sent_at_ms: int = told["sent_at_ms"]
		var line: Line = _line_of(str(told["sender"]), str(told["text"]), sent_at_ms, seq)
		line.is_deleted = told.get("deleted", false)
		line.is_edited = told.get("edited_at_ms", 0) > 0
		line.is_mention = highlight_mentions and not line.is_own and mentions_me(line.text)
		shown.append(line)
	tab.chat_log.add_page(shown, more, from_seq)


## Tells that older lines did not come; the player may ask again.
func history_denied(channel: String) -> void:
	var tab: ChatTab = _existing_tab(channel)
	if tab != null:
		tab.chat_log.is_loading = false


## The lines from [param first_seq] to [param last_seq] were left out. They are above
## those that come next, for who looks them up; what was there is forgotten.
func show_skipped(channel: String, first_seq: int, last_seq: int) -> void:
	_tab_of(channel).chat_log.skip(first_seq, last_seq)


## The line [param seq] reads [param text] from now on.
func edit_line(channel: String, seq: int, text: String) -> void:
	var tab: ChatTab = _existing_tab(channel)
	if tab != null:
		tab.chat_log.edit(seq, text)


## Nothing but a trace is left of the line [param seq].
func delete_line(channel: String, seq: int) -> void:
	var tab: ChatTab = _existing_tab(channel)
	if tab == null:
		return
	tab.chat_log.delete(seq)
	if tab.edited_seq == seq:
		_end_edit(tab)


## Adds a line that nobody said: a welcome, "Reconnected". Shown in the language of
## the game, if that has it, in the tab in view unless [param channel] is given.
func show_notice(text: String, channel: String = "") -> void:
	var tab: ChatTab = _tab if channel.is_empty() else _tab_of(channel)
	for one: String in text.split("\n", false):
		var line := Line.new()
		line.text = one
		line.kind = Line.Kind.NOTICE
		if tab == _tab:
			tab.chat_log.add_line(line)
		else:
			tab.chat_log.add_aside(line)


## Adds such a line to [param channel] without anybody missing it who does not see it.
func show_aside(text: String, channel: String) -> void:
	var line := Line.new()
	line.text = text
	line.kind = Line.Kind.NOTICE
	_tab_of(channel).chat_log.add_aside(line)


## Tells in a quiet line that [param player] "joined" or "left"; those who do so one
## after the other share a line.
func show_member_notice(channel: String, change: String, player: String) -> void:
	if show_member_changes:
		_tab_of(channel).chat_log.tell_member(player, change == "joined")


## Says [param text] above the input, until a line is sent.
func show_hint(text: String) -> void:
	_tab.refusals.hint(func() -> String: return text)


## Tells that a line was taken: the one with that [member sent_id], or the oldest
## unanswered one. [param seq] is the number it got.
func line_accepted(id: int = 0, seq: int = 0) -> void:
	id = _unanswered(id)
	var tab: ChatTab = _tab_with(id)
	if tab != null:
		tab.chat_log.set_fate(id, Line.Fate.ACCEPTED, seq)


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
	id = _unanswered(id)
	var tab: ChatTab = _tab_with(id)
	_are_tabs_stale = true
	if code in UNCERTAIN_CODES:
		if tab == null:
			tab = _tab
		tab.chat_log.set_fate(id, Line.Fate.UNCERTAIN)
		tab.refusals.doubt(
			_count_uncertain(tab), func() -> String: return tr("Perhaps not sent: %s") % why.call()
		)
		return
	var not_sent: Callable = func() -> String: return tr("Not sent: %s") % why.call()
	if tab == null:
		_tab.refusals.hint(not_sent)
		return
	_give_back(tab, tab.chat_log.take_pending(id).text, not_sent)


## Tells that a command, or a change of a line, was refused, and why. [param text]
## comes back as the draft if there is none.
func command_denied(channel: String, text: String, why: String) -> void:
	var tab: ChatTab = _existing_tab(channel)
	if tab == null:
		tab = _tab
	tab.refusals.hint(func() -> String: return why)
	if tab == _tab and _input.text.is_empty():
		draft = text
	elif tab != _tab and tab.draft.is_empty():
		tab.draft = text


## Tells that the connection in which lines were accepted is over: those that were
## taken, but have not come back yet, are shown as said.
func settle_accepted() -> void:
	for tab: ChatTab in _tabs:
		tab.chat_log.settle_accepted()


## Whether lines can be sent now. While they cannot, [param text] says why; the
## draft stays and can be edited. With [param can_retry] a button offers to try now.
## With [param lines_can_wait] they can be sent nevertheless, and wait.
func set_online(
	online: bool, text: String = "", can_retry: bool = false, lines_can_wait: bool = false
) -> void:
	_online = online
	_offline_text = text
	_can_retry = can_retry
	_lines_can_wait = lines_can_wait
	_refresh_banner()
	_refresh_input()
	_strip.online = online
	if _can_send():
		for tab: ChatTab in _tabs:
			tab.refusals.come_online()


## Offers what the input could become: [code]{text, label, hint}[/code] each. None takes
## the offer back.
func set_completions(options: Array[Dictionary]) -> void:
	_input.offer(options)


## All that the player typed and nobody has taken: refused lines, unanswered
## ones and the drafts.
func unsent_text() -> String:
	var texts: Array[String] = []
	_tab.draft = _input.text
	for tab: ChatTab in _tabs:
		texts.append_array(tab.refusals.refused)
		for fate: Line.Fate in [Line.Fate.UNCERTAIN, Line.Fate.UNANSWERED]:
			for line: Line in tab.chat_log.pending_with(fate):
				texts.append(line.text)
		texts.append(tab.draft)
	return " ".join(texts.filter(func(text: String) -> bool: return not text.is_empty()))


## Forgets tabs, lines, names and drafts, for another player.
func reset() -> void:
	_show_tab(_tabs[0])
	for tab: ChatTab in _tabs.slice(1):
		tab.chat_log.queue_free()
	_tabs = [_tabs[0]]
	_end_edit(_tab)
	_tab.chat_log.forget()
	_tab.recent_names.clear()
	_tab.members.clear()
	_tab.members_count = -1
	_tab.online_count = -1
	_tab.topic = ""
	_tab.unread_told = -1
	_tab.has_mention = false
	_tab.refusals.reset()
	_channel_menu.close()
	_show_roster(false)
	draft = ""
	_refresh_tabs()


## Puts [param text] where the cursor is. Several lines become one, with a space
## where each of them ended.
func paste(text: String) -> void:
	_input.paste(text)


## Lines kept in the tab in view, notices included.
func line_count() -> int:
	return _tab.chat_log.line_count()


## Whether [param text] has this player's name as a word of its own.
func mentions_me(text: String) -> bool:
	return _mention != null and _mention.search(text) != null


func _pattern_of(player: String) -> RegEx:
	if player.is_empty():
		return null
	var quoted: String = "\\Q%s\\E" % player.replace("\\E", "")
	return RegEx.create_from_string("(*UCP)(?i)(?<![\\w-])%s(?![\\w-])" % quoted)


func _line_of(sender: String, text: String, sent_at_ms: int, seq: int) -> Line:
	var line := Line.new()
	line.sender = sender
	line.text = text
	line.sent_at_ms = sent_at_ms
	line.seq = seq
	line.is_own = sender == username and not username.is_empty()
	return line


func _existing_tab(channel: String) -> ChatTab:
	if channel.is_empty():
		return _tabs[0]
	for tab: ChatTab in _tabs:
		if tab.channel == channel:
			return tab
	return null


func _open_tabs() -> Array[ChatTab]:
	return _tabs.filter(func(tab: ChatTab) -> bool: return tab.is_open)


func _tab_of(channel: String) -> ChatTab:
	var tab: ChatTab = _existing_tab(channel)
	if tab != null:
		return tab
	tab = ChatTab.new()
	tab.channel = channel
	var chat_log: ChatLog = _tabs[0].chat_log.duplicate(Node.DUPLICATE_SCRIPTS)
	chat_log.visible = false
	_log_panel.add_child(chat_log)
	_log_panel.move_child(chat_log, _tabs.size())
	# Out of sight it gets no size, but is written.
	chat_log.size = _tab.chat_log.size
	_adopt_log(tab, chat_log)
	_tabs.append(tab)
	_attend()
	_set_up(chat_log)
	_are_tabs_stale = true
	return tab


func _adopt_log(tab: ChatTab, chat_log: ChatLog) -> void:
	tab.chat_log = chat_log
	chat_log.gui_input.connect(_on_chat_log_gui_input)
	_menu.serve(chat_log)
	chat_log.name_clicked.connect(_mention_in_draft)
	chat_log.unread_changed.connect(func(_count: int) -> void: _refresh_unread())
	chat_log.clear()
	# By name, since a tab that held a signal of its own log would hold itself.
	chat_log.older_wanted.connect(func() -> void: _ask_for_history(chat_log))
	chat_log.seen.connect(func(seq: int) -> void: _tell_read(chat_log, seq))


func _tab_with_log(chat_log: ChatLog) -> ChatTab:
	for tab: ChatTab in _tabs:
		if tab.chat_log == chat_log:
			return tab
	return null


func _tab_with(id: int) -> ChatTab:
	for tab: ChatTab in _tabs:
		if tab.chat_log.pending(id) != null:
			return tab
	return null


func _show_tab(tab: ChatTab) -> void:
	tab.is_open = true
	if tab == _tab:
		_are_tabs_stale = true
		return
	var was_editing: bool = _input.is_editing()
	_input.offer([])
	_tab.draft = _input.text
	_tab.chat_log.visible = false
	_tab = tab
	_log = tab.chat_log
	_log.scroll_to_unread()
	_log.visible = true
	draft = tab.draft
	_refresh_edit()
	_strip.refusals = tab.refusals
	_attend()
	_refresh_tabs()
	_refresh_unread()
	if _roster.visible:
		members_requested.emit(tab.channel)
	if was_editing:
		_input.edit()
	tab_changed.emit(tab.channel)


func _attend() -> void:
	for tab: ChatTab in _tabs:
		tab.chat_log.is_attended = tab == _tab and _is_in_use and is_visible_in_tree()


func _is_watched(tab: ChatTab) -> bool:
	return tab == _tab and tab.chat_log.is_attended


func _ask_for_history(chat_log: ChatLog) -> void:
	var tab: ChatTab = _tab_with_log(chat_log)
	if tab != null:
		history_requested.emit(tab.channel)


func _tell_read(chat_log: ChatLog, seq: int) -> void:
	var tab: ChatTab = _tab_with_log(chat_log)
	if tab == null:
		return
	tab.has_mention = false
	if tab.unread_told > 0:
		tab.unread_told = 0
	_are_tabs_stale = true
	read.emit(tab.channel, seq)


func _unanswered(id: int) -> int:
	if id > 0:
		return id
	var oldest: int = 0
	for tab: ChatTab in _tabs:
		var waiting: Array[Line] = tab.chat_log.pending_with(Line.Fate.UNANSWERED)
		if not waiting.is_empty() and (oldest == 0 or waiting[0].id < oldest):
			oldest = waiting[0].id
	return oldest


func _can_send() -> bool:
	return _online or _lines_can_wait


func _submit() -> void:
	var text: String = _input.said()
	if text.is_empty():
		_input.edit()
		return
	if not _can_send():
		_tab.refusals.hint(
			func() -> String: return tr("Not sent: you are offline. Your text stays here."), true
		)
	elif text.length() > line_max_length:
		_tab.refusals.hint(
			func() -> String:
				return tr("Not sent: at most %d characters fit in a line") % line_max_length
		)
	elif _tab.edited_seq > 0:
		_submit_edit(text)
	elif takes_commands and ChatInput.is_command(text):
		_input.offer([])
		draft = ""
		_tab.refusals.forget_hint()
		command_entered.emit(text, _tab.channel)
	elif _log.pending_count() + _tab.refusals.refused.size() >= max_unanswered:
		_tab.refusals.hint(
			func() -> String:
				return tr("Not sent: too many messages wait for an answer. Your text stays here.")
		)
	else:
		_input.offer([])
		draft = ""
		_say(text)
	_input.edit()


func _say(text: String) -> void:
	var line: Line = _line_of(username, text, 0, 0)
	line.is_own = true
	line.fate = Line.Fate.UNANSWERED
	line.sent_at_ms = floori(Time.get_unix_time_from_system() * 1000.0)
	sent_id += 1
	line.id = sent_id
	_log.add_pending(line)
	_tab.refusals.forget_hint()
	message_sent.emit(text, _tab.channel)


func _give_back(tab: ChatTab, text: String, why: Callable) -> void:
	var is_empty: bool = _input.text.is_empty() if tab == _tab else tab.draft.is_empty()
	if not is_empty:
		tab.refusals.refuse(text, why)
		return
	if tab == _tab:
		draft = text
	else:
		tab.draft = text
	tab.refusals.hint(why)


func _begin_edit(line: Line) -> void:
	if _tab.edited_seq == 0:
		_tab.kept_draft = _input.text
	_tab.edited_seq = line.seq
	draft = line.text
	_refresh_edit()
	_input.edit()


func _end_edit(tab: ChatTab) -> void:
	if tab.edited_seq == 0:
		return
	tab.edited_seq = 0
	if tab == _tab:
		_refresh_edit()
		draft = tab.kept_draft
	else:
		tab.draft = tab.kept_draft


func _refresh_edit() -> void:
	_input.holds_edit = _tab.edited_seq > 0
	_edit_strip.visible = _input.holds_edit


func _submit_edit(text: String) -> void:
	var seq: int = _tab.edited_seq
	var line: Line = _log.line_with(seq)
	_end_edit(_tab)
	_tab.refusals.forget_hint()
	if line == null or line.text != text:
		edit_requested.emit(_tab.channel, seq, text)


func _count_uncertain(tab: ChatTab) -> int:
	return tab.chat_log.pending_with(Line.Fate.UNCERTAIN).size()


func _refresh_log() -> void:
	for tab: ChatTab in _tabs:
		_set_up(tab.chat_log)
		tab.chat_log.rewrite()


func _set_up(chat_log: ChatLog) -> void:
	chat_log.max_lines = max_lines
	chat_log.max_history_lines = max_history_lines
	chat_log.frame_budget_ms = frame_budget_ms
	chat_log.shows_days = show_timestamps
	chat_log.writer.line_format = line_format
	chat_log.writer.action_format = action_format
	chat_log.writer.show_timestamps = show_timestamps
	chat_log.writer.sender_colors = sender_colors


func _refresh_header() -> void:
	_header.visible = show_header
	_header.show_player(username, icon)
	_header.offers_channels = offers_channels
	_header.wants_channels = show_channels_button
	_header.wants_roster = show_roster_button
	_menu.username = username
	_menu.offers_whispers = offers_channels
	_refresh_roster()


func _refresh_roster() -> void:
	_header.has_roster = not _tab.is_whispers()
	_header.online_count = _tab.online_count
	_roster.show_members(_tab.members)
	if _roster.visible and not (offers_channels and _header.has_roster):
		_show_roster(false)


func _refresh_tabs() -> void:
	_tab_row.show_tabs(_open_tabs(), _tab)
	var about: String = _tab.topic
	if _tab.is_whispers():
		about = tr("Only you and %s can read this.") % _tab.whisperer()
	_topic.text = about
	_topic.tooltip_text = about
	_topic.visible = not about.is_empty()
	_refresh_roster()


func _refresh_unread() -> void:
	var count: int = _tab.chat_log.unread_count()
	_new_messages.visible = count > 0
	_new_messages.text = tr_n("%d new message", "%d new messages", count) % count
	_are_tabs_stale = true


func _refresh_banner() -> void:
	_banner_text.text = _offline_text
	_banner.visible = not _online
	_try_now.visible = _can_retry


func _refresh_input() -> void:
	var length: int = _input.text.strip_edges().length()
	var too_long: bool = length > line_max_length
	var room: int = line_max_length * _TYPING_ROOM
	if _input.max_length != room:
		# Only then: it sets the text anew, and the caret to its start.
		_input.max_length = room
		_input.caret_column = _input.text.length()
	_counter.visible = length >= line_max_length * _COUNTER_FROM
	_counter.text = "%d/%d" % [length, line_max_length]
	_counter.theme_type_variation = &"StatusError" if too_long else &"MutedLabel"
	_send.disabled = too_long or not _can_send()
	_send.tooltip_text = "" if _can_send() else _offline_text
	if too_long:
		_send.tooltip_text = tr("At most %d characters fit in a line") % line_max_length
	_input.placeholder_text = "Say something"
	if not _online:
		_input.placeholder_text = (
			"Offline: what you send waits" if _lines_can_wait else "Offline: write now, send later"
		)


func _mention_in_draft(player: String) -> void:
	name_clicked.emit(player)
	if insert_clicked_names:
		_input.paste("@%s" % player)
		_input.insert_text_at_caret(" ")
		_input.edit()


func _choose_name() -> void:
	_names.clear()
	for player: String in _tab.recent_names:
		_names.add_item(player)
	_names.position = Vector2i(_log.get_screen_position() + _log.size / 4.0)
	_names.popup()
	_names.set_focused_item(0)


func _show_roster(is_shown: bool) -> void:
	_roster.visible = is_shown
	_arrange_body()
	if is_shown:
		members_requested.emit(_tab.channel)


func _arrange_body() -> void:
	if not is_node_ready():
		return
	var is_narrow: bool = _body.size.x < _NARROW_FOR_ROSTER
	var width: float = minf(_ROSTER_WIDTH + (40.0 if is_narrow else 0.0), _body.size.x)
	_roster.offset_left = -width
	_log_panel.offset_right = -(width + 8.0) if _roster.visible and not is_narrow else 0.0


func _on_visibility_changed() -> void:
	if not is_node_ready():
		return
	_attend()
	if is_visible_in_tree() and focus_when_shown:
		_input.edit()


func _on_chat_log_gui_input(event: InputEvent) -> void:
	# Keys scroll by themselves. A gamepad scrolls until the end, and then leaves.
	if event.is_action_pressed(&"ui_menu"):
		_on_line_edit_menu_wanted()
	elif event.is_action_pressed(&"ui_accept") and not _tab.recent_names.is_empty():
		_choose_name()
	elif event is InputEventKey:
		return
	elif event.is_action_pressed(&"ui_up", true) and not _log.is_at_start():
		_log.scroll_by_pages(-_GAMEPAD_STEP)
	elif event.is_action_pressed(&"ui_down", true) and not _log.is_at_end():
		_log.scroll_by_pages(_GAMEPAD_STEP)
	else:
		return
	_log.accept_event()


func _on_names_menu_index_pressed(index: int) -> void:
	_mention_in_draft(_names.get_item_text(index))


func _on_line_menu_action_chosen(action: LineMenu.Action) -> void:
	match action:
		LineMenu.Action.EDIT:
			_begin_edit(_menu.line)
		LineMenu.Action.DELETE:
			delete_requested.emit(_tab.channel, _menu.line.seq)
		LineMenu.Action.MENTION:
			_mention_in_draft(_menu.about)
		LineMenu.Action.WHISPER:
			open_tab(ChatTab.WHISPERS + _menu.about, true)
			whisper_requested.emit(_menu.about)
			_input.edit()
		LineMenu.Action.BLOCK:
			block_requested.emit(_menu.about)
		LineMenu.Action.LEAVE:
			leave_requested.emit(_menu.about)


func _on_tab_row_tab_chosen(channel: String) -> void:
	_show_tab(_tab_of(channel))
	if not DisplayServer.is_touchscreen_available():
		_input.edit()


func _on_tab_row_close_requested(channel: String) -> void:
	var tab: ChatTab = _existing_tab(channel)
	if tab == null:
		return
	if tab.is_whispers():
		close_tab(channel)
		return
	_menu.ask(LineMenu.Action.LEAVE, channel, _tab_row.get_screen_transform() * Vector2(0.0, 36.0))


func _on_roster_member_chosen(player: String, place: Vector2) -> void:
	_menu.open(_log, null, player, place)


func _on_roster_close_requested() -> void:
	_show_roster(false)
	_input.edit()


func _on_button_roster_pressed() -> void:
	_show_roster(not _roster.visible)


func _on_button_channels_pressed() -> void:
	_channel_menu.open(channels())
	channels_requested.emit()


func _on_channel_menu_join_requested(channel: String, password: String) -> void:
	var tab: ChatTab = _existing_tab(channel)
	if tab != null:
		_channel_menu.close()
		_show_tab(tab)
		return
	join_requested.emit(channel, password)


func _on_channel_menu_create_requested(
	channel: String, access: String, password: String, topic: String
) -> void:
	create_requested.emit(channel, access, password, topic)


func _on_channel_menu_visibility_changed() -> void:
	if not is_node_ready():
		return
	_tab_row.set_process_shortcut_input(not _channel_menu.visible)
	if is_visible_in_tree() and not _channel_menu.visible:
		_input.edit()


func _on_button_cancel_edit_pressed() -> void:
	_end_edit(_tab)
	_input.edit()


func _on_button_new_messages_pressed() -> void:
	_log.scroll_to_end()
	_input.edit()


func _on_button_try_now_pressed() -> void:
	retry_requested.emit()


func _on_refusal_edit_requested(text: String) -> void:
	draft = text if _input.text.is_empty() else text + " " + _input.text
	_input.edit()


func _on_refusal_send_again_requested() -> void:
	var line: Line = _log.pending_with(Line.Fate.UNCERTAIN)[0]
	_log.take_pending(line.id)
	_tab.refusals.uncertain = _count_uncertain(_tab)
	_say(line.text)
	_input.edit()


func _on_refusal_dismissed() -> void:
	for line: Line in _log.pending_with(Line.Fate.UNCERTAIN):
		_log.take_pending(line.id)
	_input.edit()


func _on_line_edit_text_change_rejected(_rejected: String) -> void:
	_tab.refusals.hint(
		func() -> String: return tr("That was too much text, the end of it was left out")
	)


func _on_line_edit_completion_wanted(begun: String) -> void:
	completion_requested.emit(begun)


func _on_line_edit_scroll_wanted(pages: float) -> void:
	_log.scroll_by_pages(pages)


func _on_line_edit_edit_last_wanted() -> void:
	var line: Line = _log.last_own_line()
	if line != null:
		_begin_edit(line)


func _on_line_edit_menu_wanted() -> void:
	var line: Line = _log.last_own_line()
	if line != null:
		_menu.open(_log, line, "", _input.get_screen_transform() * Vector2(8.0, -140.0))


func _on_button_send_pressed() -> void:
	_submit()


func _on_button_logout_pressed() -> void:
	logout_requested.emit()
