@tool
extends "res://tests/editor/dock_case.gd"
## Games and scenes use the server of the dock.

const WINDOWS_SECONDS: float = 15.0


func test_the_url_is_given_to_the_edited_scene_and_taken_back() -> void:
	var root: Node = await open_scene(["NetworkClient"], {"url": NOWHERE})
	var client: Node = root.get_child(0)
	await start()
	press("UseHere")
	check_equal(client.get("url"), local_server().url, "the url")
	check(notice().contains("NetworkClient"), "it says: " + notice())
	var undo: EditorUndoRedoManager = EditorInterface.get_editor_undo_redo()
	undo.get_history_undo_redo(undo.get_object_history_id(root)).undo()
	check_equal(client.get("url"), NOWHERE, "the url after the undo")
	await stop()
	EditorInterface.close_scene()


func test_two_windows_play_as_two_players() -> void:
	await start()
	press("Seed")
	await wait_until(func() -> bool: return notice().contains("ada, bob, eve"), "players")
	await _open_game()
	windows().engine = OS.get_environment(ENGINE)
	press("Play")
	var url: String = local_server().url
	for slot: int in [1, 2]:
		var player: String = ["ada", "bob"][slot - 1]
		var place: String = "res://.godot/played_%d.txt" % slot
		await wait_until(
			func() -> bool: return FileAccess.file_exists(place), player + " plays", WINDOWS_SECONDS
		)
		var written: String = FileAccess.get_file_as_string(place)
		# The scene names another server.
		check_equal(written, "%s in at %s" % [player, url], "what the game wrote")
		DirAccess.remove_absolute(place)
	check(windows().is_open(), "the windows are closed")
	check(notice().contains("correct horse"), "the password is out of view: " + notice())
	var pids: Array[int] = windows().process_ids()
	await stop()
	check(not windows().is_open(), "the windows are open after the stop")
	for pid: int in pids:
		check(not is_alive(pid), "a game runs after the stop")
	EditorInterface.close_scene()


func test_a_game_played_from_the_editor_is_told_of_the_server() -> void:
	await start()
	var plugin: EditorPlugin = local_server().get_parent()
	var argument: String = "--longhall-url=" + local_server().url
	check_equal(
		plugin._run_scene("res://a.tscn", ["--x"]),
		PackedStringArray(["--x", "--", argument]),
		"them"
	)
	var offered: CheckBox = control("Offered")
	offered.button_pressed = false
	check_equal(
		plugin._run_scene("", ["--x"]), PackedStringArray(["--x"]), "arguments, not offered"
	)
	offered.button_pressed = true
	await stop()
	check_equal(plugin._run_scene("", ["--x"]), PackedStringArray(["--x"]), "arguments, stopped")


func _open_game() -> void:
	var game: String = save_game()
	EditorInterface.open_scene_from_path(game)
	await wait_until(
		func() -> bool:
			var edited: Node = EditorInterface.get_edited_scene_root()
			return edited != null and edited.scene_file_path == game,
		"the editor opens the game"
	)
