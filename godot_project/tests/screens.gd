extends SceneTree
## Takes a picture of every screen of the addon, at the size of a desktop and of a phone, in
## English and in German, in a window. The server is inside the game.
##
## [codeblock lang=text]
## godot --path godot_project -s res://tests/screens.gd --
##     --out=FOLDER             where the pictures go
##     --only=WORD              only those with this in their name
## [/codeblock]
##
## The pictures are for looking at: text that is cut off, parts that overlap, buttons too
## small for a finger.

const Arguments := preload("res://tests/arguments.gd")
const ErrorCounter := preload("res://tests/error_counter.gd")
const Game := preload("res://tests/game.gd")
const OverlayScreens := preload("res://tests/overlay_screens.gd")
const PlayerInput := preload("res://tests/player_input.gd")

const SIZES: Dictionary[String, Vector2i] = {
	"desktop": Vector2i(1280, 720),
	"phone": Vector2i(360, 740),
}
const LOCALES: PackedStringArray = ["en", "de"]
const PASSWORD: String = "correct horse battery"
const APP_CODE: String = "123456"
const PATIENCE_MS: int = 20_000
const EXIT_FAILED: int = 1
## Work that takes a phone minutes, so that it does not end before the picture is taken.
const MUCH_WORK_BITS: int = 22
const DAY_S: int = 86_400

var _errors := ErrorCounter.new()
var _input := PlayerInput.new(root)
var _server: LonghallFakeServer
var _game: Game
var _has_failed: bool = false
# What the names of pictures begin with.
var _prefix: String = ""

var _pictures: Dictionary[String, Callable] = {
	"login": _open,
	"login_invite": _show_invite,
	"login_guest": _show_guest,
	"login_approval": _show_approval,
	"login_closed": _show_closed,
	"login_work": _show_work,
	"login_code": _show_code,
	"login_banned": _show_ban,
	"recovery": _show_recovery,
	"codes": _show_codes,
	"guest": _come_as_guest,
	"muted": _show_mute,
	"channels": _show_channels,
	"channels_code": _show_code_of_channel,
	"halls": _show_halls,
	"halls_menu": _show_halls_menu,
	"party": _show_party,
	"party_menu": _show_party_menu,
	"report": _show_report_dialog,
	"reports_none": _show_no_reports,
	"reports": _show_reports,
	"reports_one": _show_report,
	"account": _show_account,
	"account_guest": _show_guests_account,
	"account_factor": _show_factor,
	"account_leaving": _show_leaving,
	"overlay_2d": _show_overlay,
	"overlay_kinds": _show_overlay_kinds,
	"overlay_button": _show_overlay_button,
	"overlay_typing": _show_overlay_typing,
	"overlay_3d": _show_overlay_3d,
	"overlay_hostile": _show_overlay_hostile,
	"overlay_paper": _show_overlay_paper,
	"overlay_letters": _show_overlay_letters,
}


func _initialize() -> void:
	OS.add_logger(_errors)
	await process_frame
	var only: String = Arguments.value_of("only", "")
	for locale: String in LOCALES:
		for size_name: String in SIZES:
			for name: String in _pictures:
				if only.is_empty() or name.contains(only):
					_prefix = "%s_%s_" % [locale, size_name]
					await _take(name, locale, SIZES[size_name])
	for error: String in _errors.take():
		_fail(error)
	quit(EXIT_FAILED if _has_failed else 0)


func _take(name: String, locale: String, size: Vector2i) -> void:
	TranslationServer.set_locale(locale)
	root.size = size
	_server = LonghallFakeServer.new()
	for player: String in ["Ada", "Ulf", "Signe", "Mallory", "Warden"]:
		_server.add_account(player, PASSWORD)
	_server.set_server_role("Warden", "moderator")
	await _pictures[name].call()
	if name.begins_with("account"):
		await _save_pages(name)
	else:
		await _save(name)
	for child: Node in root.get_children():
		child.queue_free()
	await _frames(2)


func _open() -> void:
	_game = Game.new("")
	_game.client.fake_server = _server
	root.add_child(_game.main)
	await _until(
		func() -> bool: return _game.client.state == NetworkClient.STATE_CONNECTED, "the connection"
	)
	await _frames(3)


func _show_invite() -> void:
	_server.set_registration("invite")
	await _open()
	await _fill("Ada")
	await _input.click(_game.control("Button_Register"))
	await _until(func() -> bool: return _game.status().length() > 20, "the denial")


func _show_guest() -> void:
	_server.set_guests(true)
	await _open()


func _show_approval() -> void:
	_server.set_registration("approval")
	_server.set_guests(true)
	await _open()
	await _fill("Zoe")
	await _input.click(_game.control("Button_Register"))
	await _until(func() -> bool: return _game.status().length() > 20, "the answer")


func _show_closed() -> void:
	_server.set_registration("closed")
	await _open()


func _show_work() -> void:
	_server.set_registration("open", MUCH_WORK_BITS)
	await _open()
	await _fill("Zoe")
	await _input.click(_game.control("Button_Register"))
	await _until(func() -> bool: return _game.status().contains("%"), "the work")


func _show_code() -> void:
	await _open()
	await _log_in("Ada")
	await _game.client.begin_second_factor(PASSWORD).completed
	await _game.client.confirm_second_factor(APP_CODE).completed
	await _game.client.logout().completed
	await _frames(2)
	await _fill("Ada")
	await _input.press(KEY_ENTER)
	await _until(func() -> bool: return _game.control("LineEdit_Code").visible, "the code")


func _show_ban() -> void:
	await _open()
	await _log_in("Mallory")
	var warden: NetworkClient = await _other("Warden")
	await warden.ban_player("Mallory", 7 * DAY_S, "Selling gold, after two warnings").completed
	await _until(func() -> bool: return _game.login_screen() != null, "the login")
	await _frames(5)


func _show_recovery() -> void:
	await _open()
	await _input.click(_game.control("Button_Forgot"))


func _show_codes() -> void:
	await _open()
	_game.client.ask_for_recovery_codes = true
	await _fill("Zoe")
	await _input.click(_game.control("Button_Register"))
	await _until(func() -> bool: return _game.control("RecoveryCodes").visible, "the codes")


func _come_as_guest() -> void:
	await _show_guest()
	await _input.click(_game.control("LineEdit_Username"))
	await _input.type("Zoe")
	await _input.click(_game.control("Button_Guest"))
	await _until(func() -> bool: return _game.chatbox() != null, "the chatbox")
	await _frames(10)


func _show_mute() -> void:
	await _open()
	await _log_in("Mallory")
	var warden: NetworkClient = await _other("Warden")
	await _game.client.send_chat("Cheap gold at gold dot example!").completed
	await warden.mute_player("Mallory", DAY_S, "Selling gold, after two warnings").completed
	await _frames(10)
	await _input.type("But it is so cheap!")
	await _input.press(KEY_ENTER)
	await _frames(10)


func _show_channels() -> void:
	await _open()
	await _log_in("Ada")
	var ulf: NetworkClient = await _other("Ulf")
	await ulf.create_channel("trade", "open", "", "Axes for mead, and back").completed
	await _input.click(_game.control("Button_Channels"))
	await _frames(10)


func _show_halls() -> void:
	_server.set_hall_size(2)
	await _open()
	var signe: NetworkClient = await _other("Signe")
	await _other("Warden")
	await signe.send_chat("This is the first hall").completed
	var ulf: NetworkClient = await _other("Ulf")
	await ulf.send_chat("There is room at this fire").completed
	await _log_in("Ada")
	await ulf.send_chat("Sit down, Ada!").completed
	await _game.client.create_channel("trade").completed
	await _frames(10)
	_game.chatbox().current_channel = _game.client.lobby
	await _frames(3)
	_game.chatbox().command_entered.emit("/halls", _game.client.lobby)
	await _frames(10)


func _show_halls_menu() -> void:
	await _show_halls()
	await _input.click(_game.control("Button_Channels"))
	await _frames(10)


func _show_code_of_channel() -> void:
	await _show_channels()
	await _input.click(_game.control("Button_ByCode"))
	await _input.type("ABCD-EFGH")
	await _input.press(KEY_ENTER)
	await _frames(10)


func _show_party() -> void:
	await _show_channels()
	await _input.click(_game.control("Button_Party"))
	await _frames(10)
	await _game.client.set_topic(_game.chatbox().current_channel, "The bear quest").completed


func _show_party_menu() -> void:
	await _show_party()
	await _input.click(_game.control("Button_Channels"))
	await _frames(10)


func _show_report_dialog() -> void:
	await _open()
	await _log_in("Ada")
	var dialog: Control = _game.chatbox().get_node("%ReportDialog")
	dialog.call("open", "Mallory", "lobby", 1, "Cheap gold at gold dot example! Best prices!")


func _show_no_reports() -> void:
	await _open()
	await _log_in("Warden")
	await _input.click(_game.control("Button_Reports"))


func _show_reports() -> void:
	await _open()
	await _log_in("Warden")
	var ada: NetworkClient = await _other("Ada")
	var mallory: NetworkClient = await _other("Mallory")
	for text: String in ["Cheap gold at gold dot example!", "Best prices!", "Last chance!"]:
		await mallory.send_chat(text).completed
	await (
		ada.report_line("lobby", 1, "spam", "Every evening the same, and in two channels").completed
	)
	await ada.report_line("lobby", 2, "harassment", "").completed
	await ada.report_player("Mallory", "name", "Means the bad one").completed
	await _frames(5)
	await _input.click(_game.control("Button_Reports"))
	await _frames(10)


func _show_report() -> void:
	await _show_reports()
	var rows: Control = _game.chatbox().get_node("%ReportQueue/%Rows")
	await _input.click(rows.get_child(rows.get_child_count() - 1) as Control)
	await _frames(10)


func _show_account() -> void:
	await _open()
	await _log_in("Ada")
	await _other("Ada", "Phone")
	await _game.client.block_player("Mallory").completed
	await _input.click(_game.control("Button_Account"))
	await _frames(20)


func _show_guests_account() -> void:
	_server.set_registration("invite")
	await _come_as_guest()
	await _input.click(_game.control("Button_Account"))
	await _frames(20)


func _show_factor() -> void:
	await _show_account()
	var section: Control = _section("section_factor")
	(section.find_child("LineEdit_Password", true, false) as LineEdit).text = PASSWORD
	(section.find_child("Button_Begin", true, false) as Button).pressed.emit()
	await _frames(20)


func _show_leaving() -> void:
	await _open()
	await _log_in("Ada")
	await _game.client.delete_account(PASSWORD).completed
	await _until(func() -> bool: return _game.login_screen() != null, "the login")
	await _log_in("Ada")
	await _input.click(_game.control("Button_Account"))
	await _frames(20)


func _show_overlay() -> void:
	var screens := OverlayScreens.new(self)
	await screens.show_meadow()


func _show_overlay_kinds() -> void:
	var screens := OverlayScreens.new(self)
	await screens.show_meadow()
	await screens.show_kinds()


func _show_overlay_button() -> void:
	var screens := OverlayScreens.new(self)
	await screens.show_meadow()
	screens.overlay.start_button = ChatOverlay.ButtonShown.ALWAYS
	screens.overlay.corner = ChatOverlay.Place.TOP_RIGHT


func _show_overlay_typing() -> void:
	var screens := OverlayScreens.new(self)
	await screens.show_hall()
	await screens.type("On my way, just one more bowl")


func _show_overlay_3d() -> void:
	var screens := OverlayScreens.new(self)
	await screens.show_hall()


func _show_overlay_hostile() -> void:
	var screens := OverlayScreens.new(self)
	await screens.show_hall()
	screens.show_hostile()


func _show_overlay_paper() -> void:
	var screens := OverlayScreens.new(self)
	await screens.show_hall()
	screens.wear_paper()
	await screens.type("Is this to be read?")


func _show_overlay_letters() -> void:
	var screens := OverlayScreens.new(self)
	await screens.show_meadow()
	screens.overlay.background_strength = 0.0


func _log_in(name: String) -> void:
	await _fill(name)
	await _input.press(KEY_ENTER)
	await _until(func() -> bool: return _game.chatbox() != null, "the chatbox")
	await _frames(5)


func _fill(name: String) -> void:
	await _until(func() -> bool: return not _game.control("Button_Login").get("disabled"), "form")
	for typed: Array in [["LineEdit_Username", name], ["LineEdit_Password", PASSWORD]]:
		await _input.click(_game.control(str(typed[0])))
		await _input.press(KEY_A, true)
		await _input.type(str(typed[1]))


func _other(name: String, device: String = "") -> NetworkClient:
	var client := NetworkClient.new()
	client.device_name = device
	client.fake_server = _server
	var around := Node.new()
	around.add_child(client)
	root.add_child(around)
	await _until(func() -> bool: return client.state == NetworkClient.STATE_CONNECTED, name)
	client.login(name, PASSWORD)
	await _until(client.is_logged_in, name)
	return client


func _section(file: String) -> Control:
	for found: Node in _account().find_children("*", "VBoxContainer", true, false):
		var script: Script = found.get_script()
		if script != null and script.resource_path.contains(file):
			return found
	return null


func _account() -> Control:
	return _game.chatbox().get_node("%Account")


# The card of the account is higher than any screen.
func _save_pages(name: String) -> void:
	var scroll: ScrollContainer = _account().find_children("*", "ScrollContainer", true, false)[0]
	for page: int in 9:
		scroll.scroll_vertical = roundi(page * scroll.size.y * 0.9)
		await _save("%s_%d" % [name, page + 1])
		var bar: VScrollBar = scroll.get_v_scroll_bar()
		if bar.value + bar.page >= bar.max_value - 1.0:
			return


func _save(name: String) -> void:
	await _frames(10)
	await RenderingServer.frame_post_draw
	var path: String = Arguments.value_of("out", ".").path_join(_prefix + name + ".png")
	var error: Error = root.get_texture().get_image().save_png(path)
	if error != OK:
		_fail("cannot save %s: %s" % [path, error_string(error)])
	print("say: saved ", path)


func _frames(count: int) -> void:
	for i: int in count:
		await process_frame


func _until(condition: Callable, what: String) -> void:
	var deadline_ms: int = Time.get_ticks_msec() + PATIENCE_MS
	while not condition.call():
		if Time.get_ticks_msec() > deadline_ms:
			_fail("%s: waited in vain for %s" % [_prefix, what])
			return
		await process_frame


func _fail(complaint: String) -> void:
	_has_failed = true
	printerr("screens: failed: ", complaint)
