extends PanelContainer
## The bar at the top: who the player is, what channels there are, who is here, and the
## way out.

const Roster := preload("roster.gd")

## Below this width there is no room for more than the name.
const _NARROW: float = 480.0
const _SEPARATION: int = 10
const _NARROW_SEPARATION: int = 3

## Whether there are channels and rosters.
var offers_channels: bool = false:
	set(value):
		offers_channels = value
		_refresh()

## Whether the buttons for them are wanted.
var wants_channels: bool = true:
	set(value):
		wants_channels = value
		_refresh()
var wants_roster: bool = true:
	set(value):
		wants_roster = value
		_refresh()

## Whether there is an account, and whether the button for it is wanted.
var offers_account: bool = false:
	set(value):
		offers_account = value
		_refresh()
var wants_account: bool = true:
	set(value):
		wants_account = value
		_refresh()

## Whether the tab in view has a roster.
var has_roster: bool = true:
	set(value):
		has_roster = value
		_refresh()

## How many are online in the tab in view; negative if nobody knows.
var online_count: int = -1:
	set(value):
		online_count = value
		_refresh()

## How many reports wait for this moderator; negative for players.
var reports_waiting: int = -1:
	set(value):
		reports_waiting = value
		_refresh()

## What the player may do on the whole server: "player", "moderator" or "admin".
var server_role: String = "player":
	set(value):
		server_role = value
		_refresh()

@onready var _screen: Control = owner
@onready var _row: HBoxContainer = $HBoxContainer
@onready var _icon: TextureRect = %Icon
@onready var _logged_in_as: Label = %Label_As
@onready var _role: TextureRect = %Icon_Role
@onready var _you: Label = %Label_You
@onready var _reports: Button = %Button_Reports
@onready var _channels: Button = %Button_Channels
@onready var _roster: Button = %Button_Roster
@onready var _account: Button = %Button_Account
@onready var _logout: Button = %Button_Logout


func _ready() -> void:
	_screen.resized.connect(_arrange)
	_arrange()
	_refresh()


func _notification(what: int) -> void:
	if not is_node_ready():
		return
	if what == NOTIFICATION_THEME_CHANGED:
		_keep_height.call_deferred()
	if what in [NOTIFICATION_THEME_CHANGED, NOTIFICATION_TRANSLATION_CHANGED]:
		_show_role()


## Shows [param player], and [param icon] instead of ours if there is one.
func show_player(player: String, icon: Texture2D) -> void:
	_you.text = player
	if icon != null:
		_icon.texture = icon


func _arrange() -> void:
	# Not by the own size, which is never less than what is shown takes.
	var is_narrow: bool = _screen.size.x < _NARROW
	_logged_in_as.visible = not is_narrow
	# The mark of a moderator stands for the sign of the game where both have no room.
	_icon.visible = not (is_narrow and _role.visible)
	var separation: int = _NARROW_SEPARATION if is_narrow else _SEPARATION
	_row.add_theme_constant_override(&"separation", separation)


func _refresh() -> void:
	if not is_node_ready():
		return
	_channels.visible = offers_channels and wants_channels
	_account.visible = offers_account and wants_account
	_roster.visible = offers_channels and wants_roster and has_roster
	_roster.text = str(online_count) if online_count >= 0 else ""
	_reports.visible = reports_waiting >= 0
	_reports.text = str(reports_waiting)
	_show_role()
	_keep_height()


func _show_role() -> void:
	_role.visible = Roster.SERVER_ROLE_ICONS.has(server_role)
	if _role.visible:
		_role.texture = Roster.SERVER_ROLE_ICONS[server_role]
		_role.self_modulate = get_theme_color(&"own_name_color", &"Chatbox")
		_role.tooltip_text = tr(Roster.SERVER_ROLE_TITLES[server_role])
		_role.accessibility_name = _role.tooltip_text
	_arrange()


# Also without the buttons that are hidden: what is below stays where it is.
func _keep_height() -> void:
	var height: float = 0.0
	for button: Button in [_reports, _channels, _roster, _account, _logout]:
		height = maxf(height, button.get_combined_minimum_size().y)
	var font: Font = _roster.get_theme_font(&"font")
	var letters: float = font.get_height(_roster.get_theme_font_size(&"font_size"))
	height = maxf(height, letters + _roster.get_theme_stylebox(&"normal").get_minimum_size().y)
	_row.custom_minimum_size.y = height
