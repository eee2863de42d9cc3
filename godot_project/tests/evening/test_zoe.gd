extends "evening_case.gd"
## Zoe says what nobody shall know, takes a copy, and is forgotten.

const Data := preload("res://addons/longhall/scenes/account/section_data.gd")
const Deletion := preload("res://addons/longhall/scenes/account/section_deletion.gd")


func test_zoe_takes_her_data_and_deletes_her_account() -> void:
	await come_in("Zoe_of_Zennor")
	await say_and_see(SECRET_OF_ZOE)
	await press_button(await account_section(Data), "Button_Save")
	var is_saved := func() -> bool: return FileAccess.file_exists(Data.FILE)
	await wait_until(is_saved, "the copy")
	var copy: String = FileAccess.get_file_as_string(Data.FILE)
	check(copy.contains(SECRET_OF_ZOE), "the copy has not what she said")
	var deletion: Control = await account_section(Deletion)
	await fill(field_of(deletion, "LineEdit_Password"), PASSWORD)
	await press_button(deletion, "Button_Delete")
	check(game.client.is_logged_in(), "deleted without being asked")
	var sure: CheckBox = deletion.find_child("CheckBox_Sure", true, false)
	sure.grab_focus()
	await frames(3)
	await input.click(sure)
	await press_button(deletion, "Button_Delete")
	await wait_until(can_log_in, "the login screen")
	await log_in("Zoe_of_Zennor", PASSWORD)
	await wait_until_in("Zoe_of_Zennor")
	check(game.client.deletion_at_ms > 0, "there is no time to change one's mind")
	pin("zoe has deleted her account")
	await wait_until(func() -> bool: return game.login_screen() != null, "the end")
	pin("zoe is gone")
