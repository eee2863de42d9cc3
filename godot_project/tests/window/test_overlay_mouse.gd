extends "res://tests/overlay_case.gd"
## The mouse of a game that holds it, as shooters do, while the player types.


func test_a_captured_mouse_is_let_go_and_captured_again() -> void:
	for mode: Input.MouseMode in [
		Input.MOUSE_MODE_CAPTURED, Input.MOUSE_MODE_HIDDEN, Input.MOUSE_MODE_VISIBLE
	]:
		Input.mouse_mode = mode
		check_equal(Input.mouse_mode, mode, "the mouse of the game")
		await input.press(KEY_ENTER)
		check_equal(Input.mouse_mode, Input.MOUSE_MODE_VISIBLE, "the mouse meanwhile")
		await input.press(KEY_ESCAPE)
		check_equal(Input.mouse_mode, mode, "the mouse afterwards")
	Input.mouse_mode = Input.MOUSE_MODE_VISIBLE


func test_a_game_that_moves_on_meanwhile_keeps_its_mouse() -> void:
	Input.mouse_mode = Input.MOUSE_MODE_CAPTURED
	await input.press(KEY_ENTER)
	# A menu of the game has opened.
	Input.mouse_mode = Input.MOUSE_MODE_CONFINED
	await input.press(KEY_ESCAPE)
	check_equal(Input.mouse_mode, Input.MOUSE_MODE_CONFINED, "the mouse")
	overlay.free_mouse = false
	Input.mouse_mode = Input.MOUSE_MODE_CAPTURED
	await input.press(KEY_ENTER)
	check_equal(Input.mouse_mode, Input.MOUSE_MODE_CAPTURED, "the mouse of who wants it so")
	Input.mouse_mode = Input.MOUSE_MODE_VISIBLE
