extends Node
## What this player may do to others to keep order, and the dialog that asks how: a moderator
## everywhere, an operator of a channel there.
##
## It offers what can be told from here; the server decides.

## The player mutes, kicks or bans [param player], see [signal Chatbox.sanction_requested].
signal sanction_requested(
	player: String, sanction: String, channel: String, seconds: int, reason: String
)
## The player lifts a mute or a ban.
signal lift_requested(player: String, sanction: String, channel: String)
## The player deletes what [param player] said.
signal lines_deletion_requested(player: String, channel: String, seconds: int)
## What stands against [param player] is of interest.
signal sanctions_requested(player: String)

const ChatHeader := preload("chat_header.gd")
const ChatInput := preload("chat_input.gd")
const ChatTab := preload("chat_tab.gd")
const ChatTabs := preload("chat_tabs.gd")
const SanctionDialog := preload("sanction_dialog.gd")

const _RANKS: Dictionary[String, int] = {
	"player": 0, "moderator": 1, "admin": 2, "member": 0, "operator": 1, "owner": 2
}
## What can be kept from somebody in the lobby alone: nobody is taken out of it.
const _IN_LOBBY: Array[String] = ["mute", "delete"]

## What this player may do on the whole server: "player", "moderator" or "admin".
var server_role: String = "player":
	set(value):
		server_role = value
		if is_node_ready():
			_header.server_role = value

# The mutes and bans that stand, as far as is known, by the names of the players.
var _standing: Dictionary[String, Array] = {}

@onready var _tabs: ChatTabs = %ChatTabs
@onready var _header: ChatHeader = %Header
@onready var _input: ChatInput = %LineEdit
@onready var _dialog: SanctionDialog = %SanctionDialog


func _ready() -> void:
	_dialog.sanction_requested.connect(sanction_requested.emit)
	_dialog.lift_requested.connect(lift_requested.emit)
	_dialog.lines_deletion_requested.connect(lines_deletion_requested.emit)


## Whether the lines of others in the tab in view may be deleted.
func may_delete_lines() -> bool:
	var tab: ChatTab = _tabs.current
	return not tab.is_whispers() and (_is_moderator() or _rank(tab.role) > 0)


## Where [param player] may be kept from something: a channel, or empty for everywhere. What
## the commands mean comes first, the channel in view or in the lobby the whole server.
func places(player: String, sanction: String) -> Array[String]:
	var found: Array[String] = []
	var tab: ChatTab = _tabs.current
	var is_lobby: bool = tab == _tabs.all[0]
	if not tab.is_whispers() and (not is_lobby or sanction in _IN_LOBBY):
		if _may_everywhere(player) or _may_in(tab, player):
			found.append(tab.channel)
	if _may_everywhere(player):
		found.insert(0 if is_lobby else found.size(), "")
	return found


## The mute or ban that stands against [param player] where it can be lifted, if one is
## known; else empty.
func standing(player: String, sanction: String) -> Dictionary:
	var allowed: Array[String] = places(player, sanction)
	for one: Dictionary in _all_standing(player):
		if one["sanction"] == sanction and one["channel"] in allowed:
			return one
	return {}


## Asks how [param player] is to be kept from something.
func ask(player: String, sanction: String) -> void:
	_dialog.open(player, sanction, places(player, sanction))
	_dialog.show_standing(_all_standing(player))
	if _is_moderator() and sanction in SanctionDialog.THAT_STAND:
		sanctions_requested.emit(player)


## Lifts [param sanction], which stands against [param player].
func lift(player: String, sanction: Dictionary) -> void:
	lift_requested.emit(player, str(sanction["sanction"]), str(sanction["channel"]))


## The mutes and bans that stand against [param player].
func set_standing(player: String, sanctions: Array[Dictionary]) -> void:
	_standing[player] = sanctions
	_show_standing(player)


## A mute or a ban stands against [param player] from now on.
func add_standing(player: String, sanction: Dictionary) -> void:
	remove_standing(player, str(sanction["sanction"]), str(sanction["channel"]))
	if sanction["sanction"] in SanctionDialog.THAT_STAND:
		var all: Array[Dictionary] = _all_standing(player)
		all.append(sanction)
		set_standing(player, all)


## A mute or a ban was lifted.
func remove_standing(player: String, sanction: String, channel: String) -> void:
	var others: Array[Dictionary] = []
	for one: Dictionary in _all_standing(player):
		if one["sanction"] != sanction or one["channel"] != channel:
			others.append(one)
	set_standing(player, others)


## Tells what became of what the dialog asked for: it is done, or [param denied] says why not.
func settle(denied: String) -> void:
	if denied.is_empty():
		_dialog.close()
	else:
		_dialog.show_denied(denied)


## Closes what is open, for another player.
func close() -> void:
	_dialog.close()
	_standing.clear()
	server_role = "player"


func _show_standing(player: String) -> void:
	_dialog.show_standing(_all_standing(player), player)


# Those that are not over.
func _all_standing(player: String) -> Array[Dictionary]:
	var now_ms: int = floori(Time.get_unix_time_from_system() * 1000.0)
	var found: Array[Dictionary] = []
	for one: Dictionary in _standing.get(player, []):
		var until_ms: int = one["until_ms"]
		if until_ms == 0 or until_ms > now_ms:
			found.append(one)
	return found


func _is_moderator() -> bool:
	return _rank(server_role) > 0


func _may_everywhere(player: String) -> bool:
	var theirs: String = _known(player).get("server_role", "player")
	return _is_moderator() and _rank(theirs) < _rank(server_role)


func _may_in(tab: ChatTab, player: String) -> bool:
	var theirs: String = _known(player).get("role", "member")
	var on_server: String = _known(player).get("server_role", "player")
	return _rank(tab.role) > 0 and _rank(theirs) < _rank(tab.role) and _rank(on_server) == 0


func _known(player: String) -> Dictionary:
	return _tabs.current.members.get(player, {})


func _rank(role: String) -> int:
	return _RANKS.get(role, 0)


func _on_overlay_visibility_changed() -> void:
	if is_node_ready() and _input.is_visible_in_tree() and not _dialog.visible:
		_input.edit()
