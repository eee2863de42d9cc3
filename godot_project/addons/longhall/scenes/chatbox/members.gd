extends Node
## The members of a [Chatbox]'s channels, and the roster beside the log that shows them.

## The roster of [param channel] is opened, or its names are needed.
signal members_requested(channel: String)

const ChatHeader := preload("chat_header.gd")
const ChatInput := preload("chat_input.gd")
const ChatTab := preload("chat_tab.gd")
const ChatTabs := preload("chat_tabs.gd")
const Roster := preload("roster.gd")
const Settings := preload("chat_settings.gd")

## Below this width the roster lies over the log.
const _NARROW: float = 640.0
const _ROSTER_WIDTH: float = 220.0

## What the chatbox is set to.
var settings: Settings

@onready var _tabs: ChatTabs = %ChatTabs
@onready var _header: ChatHeader = %Header
@onready var _body: Control = %Body
@onready var _log_panel: PanelContainer = %LogPanel
@onready var _roster: Roster = %Roster
@onready var _input: ChatInput = %LineEdit


## Whether the roster of [param channel] is in view.
func shows_roster_of(channel: String) -> bool:
	return _roster.visible and _tabs.current.channel == channel


## Shows or hides the roster.
func show_roster(is_shown: bool) -> void:
	_roster.visible = is_shown
	_arrange()
	if is_shown:
		_ask()


## Asks for who is in the tab that has come into view, if that is shown.
func follow_tab() -> void:
	if _roster.visible:
		_ask()


## Shows what is known of the tab in view.
func refresh() -> void:
	var tab: ChatTab = _tabs.current
	_header.has_roster = not tab.is_whispers()
	_header.online_count = tab.online_count
	_roster.show_members(tab.members)
	if _roster.visible and not (settings.offers_channels and _header.has_roster):
		show_roster(false)


## Names that may be meant in the tab in view, see [method Chatbox.known_names].
func known_names() -> Array[String]:
	var tab: ChatTab = _tabs.current
	if settings.offers_channels and not tab.has_asked_for_members:
		tab.has_asked_for_members = true
		_ask()
	var known: Array[String] = tab.recent_names.duplicate()
	for player: String in tab.members:
		if not player in known and player != settings.username:
			known.append(player)
	return known


## How many are in [param channel], and how many of them are there.
func set_counts(channel: String, members: int, online: int) -> void:
	var tab: ChatTab = _tabs.of(channel)
	tab.members_count = members
	tab.online_count = online
	_tabs.is_stale = true


## Those who are in [param channel], see [method Chatbox.set_members].
func set_all(channel: String, members: Array[Dictionary]) -> void:
	var tab: ChatTab = _tabs.of(channel)
	tab.members.clear()
	tab.has_newcomers = false
	for member: Dictionary in members:
		tab.members[member["username"]] = member
	_tabs.is_stale = true


## Takes in what is new of [param player], see [method Chatbox.set_presence].
func set_presence(
	channel: String, player: String, state: String, text: String, role: String
) -> void:
	var tab: ChatTab = _tabs.of(channel)
	var known: Dictionary = tab.members.get(player, {})
	if role.is_empty():
		role = known.get("role", "")
	tab.members[player] = {
		username = player,
		role = role,
		server_role = known.get("server_role", "player"),
		state = state,
		text = text,
	}
	_tabs.is_stale = true


## [param player] is in [param channel]; no more is known.
func add(channel: String, player: String) -> void:
	var tab: ChatTab = _tabs.of(channel)
	tab.has_newcomers = true
	if not tab.members.has(player):
		set_presence(channel, player, "online", "", "")


## [param player] is not in [param channel] any more.
func remove(channel: String, player: String) -> void:
	_tabs.of(channel).members.erase(player)
	_tabs.is_stale = true


## Whether all is known of those who are in [param channel].
func are_all_known(channel: String) -> bool:
	var tab: ChatTab = _tabs.of(channel)
	return not tab.has_newcomers and tab.members.size() == tab.members_count


func _ask() -> void:
	members_requested.emit(_tabs.current.channel)


func _arrange() -> void:
	if not is_node_ready():
		return
	var is_narrow: bool = _body.size.x < _NARROW
	var width: float = minf(_ROSTER_WIDTH + (40.0 if is_narrow else 0.0), _body.size.x)
	_roster.offset_left = -width
	_log_panel.offset_right = -(width + 8.0) if _roster.visible and not is_narrow else 0.0


func _on_button_roster_pressed() -> void:
	show_roster(not _roster.visible)


func _on_roster_close_requested() -> void:
	show_roster(false)
	_input.edit()
