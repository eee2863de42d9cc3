extends PanelContainer
## The members of a channel: who is there, who is away, who is not.

## The player wants to do something with [param username], whose line is at
## [param place] of the screen.
signal member_chosen(username: String, place: Vector2)
## The player has seen enough.
signal close_requested

const DOT: Texture2D = preload("res://addons/longhall/themes/dot.svg")
const OWNER: Texture2D = preload("res://addons/longhall/themes/crown.svg")
const OPERATOR: Texture2D = preload("res://addons/longhall/themes/shield.svg")
const MODERATOR: Texture2D = preload("res://addons/longhall/themes/shield_full.svg")
const ADMIN: Texture2D = preload("res://addons/longhall/themes/star.svg")

## What is drawn beside the names of those who keep order on the whole server.
const SERVER_ROLE_ICONS: Dictionary[String, Texture2D] = {"moderator": MODERATOR, "admin": ADMIN}
const SERVER_ROLE_TITLES: Dictionary[String, String] = {
	"moderator": "Moderator of this server", "admin": "Admin of this server"
}

const _STATES: Array[String] = ["online", "away", "offline"]
const _TITLES: Dictionary[String, String] = {
	"online": "Online (%d)",
	"away": "Away (%d)",
	"offline": "Offline (%d)",
}
const _COLORS: Dictionary[String, StringName] = {
	"online": &"online_color",
	"away": &"away_color",
	"offline": &"offline_color",
}
const _ROLE_ICONS: Dictionary[String, Texture2D] = {"owner": OWNER, "operator": OPERATOR}
const _ROLE_TITLES: Dictionary[String, String] = {"owner": "Owner", "operator": "Operator"}

const _DOT_WIDTH: int = 10

var _members: Dictionary[String, Dictionary] = {}
var _is_stale: bool = false

@onready var _tree: Tree = %Tree_Roster
@onready var _title: Label = %Label_Roster


func _ready() -> void:
	_align()
	_tree.set_column_expand(0, true)
	_tree.set_column_expand(1, false)
	_tree.set_column_custom_minimum_width(1, 24)
	_tree.set_column_clip_content(0, true)


func _notification(what: int) -> void:
	if what in [NOTIFICATION_THEME_CHANGED, NOTIFICATION_TRANSLATION_CHANGED]:
		_is_stale = true
	if what == NOTIFICATION_THEME_CHANGED and is_node_ready():
		_align()


func _process(_delta: float) -> void:
	if _is_stale and is_visible_in_tree():
		_is_stale = false
		_fill()


## Shows [param members], [code]{role, server_role, state, text}[/code] by name.
func show_members(members: Dictionary[String, Dictionary]) -> void:
	_members = members
	_is_stale = true


func _fill() -> void:
	var chosen: String = _chosen_name()
	var place: float = _tree.get_scroll().y
	_tree.clear()
	var root: TreeItem = _tree.create_item()
	for state: String in _STATES:
		var names: Array[String] = []
		for username: String in _members:
			if _members[username].get("state", "online") == state:
				names.append(username)
		if names.is_empty():
			continue
		names.sort_custom(func(a: String, b: String) -> bool: return a.naturalnocasecmp_to(b) < 0)
		var title: TreeItem = _tree.create_item(root)
		title.set_text(0, tr(_TITLES[state]) % names.size())
		title.set_custom_color(0, get_theme_color(&"notice_color", &"Chatbox"))
		title.set_custom_font_size(0, get_theme_font_size(&"font_size", &"MutedLabel"))
		for column: int in 2:
			title.set_selectable(column, false)
		for username: String in names:
			_add_member(root, username, state, username == chosen)
	if place > 0.0 and _tree.get_root().get_child_count() > 0:
		_restore_place.call_deferred(place)


# All begins where the dots do, and what members say of themselves below their names,
# with whatever distances the theme has.
func _align() -> void:
	var left: float = _tree.get_theme_stylebox(&"panel").get_margin(SIDE_LEFT)
	for distance: StringName in [&"h_separation", &"inner_item_margin_left"]:
		left += _tree.get_theme_constant(distance)
	var margin := StyleBoxEmpty.new()
	margin.content_margin_left = left
	_title.add_theme_stylebox_override(&"normal", margin)
	var beside_dot: int = _tree.get_theme_constant(&"icon_h_separation")
	_tree.add_theme_constant_override(&"item_margin", _DOT_WIDTH + beside_dot)


func _restore_place(place: float) -> void:
	for child: Node in _tree.get_children(true):
		if child is VScrollBar:
			(child as VScrollBar).value = place


func _add_member(root: TreeItem, username: String, state: String, is_chosen: bool) -> void:
	var member: Dictionary = _members[username]
	var color: Color = get_theme_color(_COLORS[state], &"Chatbox")
	var item: TreeItem = _tree.create_item(root)
	item.set_text(0, username)
	item.set_metadata(0, username)
	item.set_icon(0, DOT)
	item.set_icon_max_width(0, _DOT_WIDTH)
	item.set_icon_modulate(0, color)
	if state == "offline":
		item.set_custom_color(0, get_theme_color(&"offline_color", &"Chatbox"))
	_show_role(item, str(member.get("role", "")), str(member.get("server_role", "")))
	item.set_selectable(1, false)
	var says: String = member.get("text", "")
	item.set_tooltip_text(0, username if says.is_empty() else "%s: %s" % [username, says])
	if is_chosen:
		item.select(0)
	if says.is_empty():
		return
	var below: TreeItem = _tree.create_item(item)
	below.set_text(0, says)
	below.set_tooltip_text(0, says)
	below.set_text_overrun_behavior(0, TextServer.OVERRUN_TRIM_ELLIPSIS)
	below.set_custom_color(0, get_theme_color(&"time_color", &"Chatbox"))
	below.set_custom_font_size(0, get_theme_font_size(&"font_size", &"MutedLabel"))
	for column: int in 2:
		below.set_selectable(column, false)


# Who keeps order everywhere is shown as that; what they are here is told beside it.
func _show_role(item: TreeItem, role: String, server_role: String) -> void:
	var titles: PackedStringArray = []
	if SERVER_ROLE_ICONS.has(server_role):
		item.set_icon(1, SERVER_ROLE_ICONS[server_role])
		titles.append(tr(SERVER_ROLE_TITLES[server_role]))
	elif _ROLE_ICONS.has(role):
		item.set_icon(1, _ROLE_ICONS[role])
	if _ROLE_TITLES.has(role):
		titles.append(tr(_ROLE_TITLES[role]))
	item.set_icon_max_width(1, 14)
	item.set_icon_modulate(1, get_theme_color(&"own_name_color", &"Chatbox"))
	item.set_tooltip_text(1, "\n".join(titles))


func _chosen_name() -> String:
	var item: TreeItem = _tree.get_selected()
	return "" if item == null else str(item.get_metadata(0))


func _choose() -> void:
	var item: TreeItem = _tree.get_selected()
	if item != null and item.get_metadata(0) != null:
		var at: Rect2 = _tree.get_item_area_rect(item, 0)
		var below := Vector2(at.position.x + 24.0, at.end.y - _tree.get_scroll().y)
		member_chosen.emit(str(item.get_metadata(0)), _tree.get_screen_position() + below)


func _on_tree_item_activated() -> void:
	_choose()


func _on_tree_item_mouse_selected(_at: Vector2, _button: int) -> void:
	_choose()


func _on_tree_gui_input(event: InputEvent) -> void:
	if event.is_action_pressed(&"ui_cancel"):
		_tree.accept_event()
		close_requested.emit()


func _on_button_close_roster_pressed() -> void:
	close_requested.emit()
