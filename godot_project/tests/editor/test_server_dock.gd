@tool
extends "res://tests/editor/dock_case.gd"
## The dock starts, fills, empties and stops a server.


func test_a_server_is_started_and_stopped() -> void:
	check_equal(state_text(), "Stopped", "the state at first")
	await start()
	var server: LocalServer = local_server()
	var url: String = server.url
	var pid: int = server.process_id()
	check(await is_reachable(url), "nobody listens at " + url)
	check(not "\n".join(server.lines).is_empty(), "the log is empty")
	var shown: RichTextLabel = control("Log")
	await wait_until(func() -> bool: return shown.get_parsed_text().contains("listening"), "log")
	await stop()
	check(not await is_reachable(url), "somebody listens at %s after the stop" % url)
	check(not is_alive(pid), "the process is still there")
	await wait_until(func() -> bool: return shown.get_parsed_text().contains("stopped"), "order")


func test_the_log_shows_what_matters_of_a_line() -> void:
	await start()
	var shown: RichTextLabel = control("Log")
	await wait_until(
		func() -> bool: return shown.get_parsed_text().contains(" listening address="), "the log"
	)
	var text: String = shown.get_parsed_text()
	check(not text.contains("longhall_server"), "it shows parts of the server: " + text)
	var server: LocalServer = local_server()
	for i: int in 300:
		server.logged.emit("line %d [b]" % i)
	await wait_until(
		func() -> bool: return shown.get_parsed_text().contains("line 299 [b]"), "the last line"
	)
	check(not shown.get_parsed_text().contains("line 99 "), "old lines are still there")
	await stop()


func test_it_starts_as_often_as_one_likes() -> void:
	for i: int in 4:
		await start()
		await stop()


func test_players_are_there_to_log_in_as_and_gone_after_a_reset() -> void:
	await start()
	press("Seed")
	await wait_until(func() -> bool: return notice().contains("ada, bob, eve"), "players")
	check(notice().contains("correct horse"), "the password is not shown")
	check(accounts().contains('"eve"'), "no account of eve")
	# Once more does no harm.
	press("Seed")
	await wait_until(func() -> bool: return notice().contains("ada, bob, eve"), "players again")
	var pid: int = local_server().process_id()
	press("Reset")
	var question: ConfirmationDialog = control_window("Question")
	check(question.dialog_text.contains(LocalServer.folder()), "it does not say what is deleted")
	question.hide()
	question.confirmed.emit()
	await wait_until(
		func() -> bool:
			return state_text().begins_with(RUNNING) and local_server().process_id() != pid,
		"it runs again"
	)
	check(not accounts().contains('"eve"'), "eve is still there")
	await stop()


func test_a_reset_leaves_everything_else_in_the_folder() -> void:
	var other: String = LocalServer.folder().path_join("notes.txt")
	FileAccess.open(other, FileAccess.WRITE).close()
	await start()
	await stop()
	var trouble: String = await local_server().reset()
	check_equal(trouble, "", "the trouble of the reset")
	check_equal(
		DirAccess.get_files_at(LocalServer.folder()),
		PackedStringArray(["notes.txt"]),
		"what is left"
	)
	DirAccess.remove_absolute(other)


func test_a_database_that_another_editor_uses_is_not_deleted() -> void:
	await start()
	# As the dock of another editor with the same project.
	var other := LocalServer.new()
	tree.root.add_child(other)
	var trouble: String = await other.reset()
	check(trouble.contains("Another editor"), "the trouble is: " + trouble)
	other.free()
	var database: String = LocalServer.folder().path_join("longhall.db")
	check(FileAccess.file_exists(database), "the database is gone")
	await stop()


func test_what_keeps_it_from_starting_is_said_in_its_own_words() -> void:
	var taken := TCPServer.new()
	taken.listen(0, "127.0.0.1")
	LocalServer.set_port(taken.get_local_port())
	press("Start")
	await wait_until(func() -> bool: return not notice().is_empty(), "it says why")
	var address: String = "127.0.0.1:%d" % taken.get_local_port()
	check(notice().contains(address), "it does not name the address: " + notice())
	check(state_text().contains("not start"), "the state is " + state_text())
	taken.stop()


func test_where_there_is_no_program_it_says_where_it_looked() -> void:
	Program.choose("/nowhere/longhall-server")
	press("Start")
	check(notice().contains("/nowhere/longhall-server"), "it says: " + notice())
	Program.choose("")
	var path: String = OS.get_environment("PATH")
	OS.set_environment("PATH", "/nowhere")
	press("Start")
	check(notice().contains(Program.packaged()), "it says: " + notice())
	check(notice().contains("PATH"), "it says: " + notice())
	OS.set_environment("PATH", path)
	await start()
	await stop()


func test_the_program_in_the_addon_counts_more_than_the_one_in_the_path() -> void:
	var in_path: String = Program.find()
	var packaged: String = Program.packaged()
	var folder: String = packaged.get_base_dir()
	DirAccess.make_dir_recursive_absolute(folder)
	FileAccess.open(folder.path_join(".gdignore"), FileAccess.WRITE).close()
	check_equal(DirAccess.copy_absolute(in_path, packaged), OK, "the copy")
	# As it is after some ways to unpack a zip file.
	FileAccess.set_unix_permissions(packaged, FileAccess.UNIX_READ_OWNER)
	check_equal(Program.find(), packaged, "the program")
	await start()
	await stop()
	DirAccess.remove_absolute(packaged)
	check_equal(Program.find(), in_path, "the program without that of the addon")


func test_a_server_that_dies_is_shown_as_dead() -> void:
	await start()
	# Not by the engine, which would know.
	OS.execute("kill", ["-9", str(local_server().process_id())])
	await wait_until(func() -> bool: return not local_server().has_process(), "it is noticed")
	check(state_text().contains("has ended"), "the state is " + state_text())
	check(notice().contains("ended by itself"), "it says: " + notice())
	await start()
	await stop()


func control_window(of_name: String) -> Window:
	var dock: Node = tree.root.find_child("LonghallDock", true, false)
	return dock.find_child(of_name, true, false)
