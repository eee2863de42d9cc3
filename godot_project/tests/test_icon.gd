extends "res://tests/test_case.gd"
## The picture of the addon in the documentation is the one that the addon has.

const Icon := preload("res://tests/icon.gd")

const PICTURE: String = "../docs/pictures/icon.png"
## Engines of different versions smooth edges a little differently.
const NEARLY: float = 0.02


func test_the_picture_for_the_asset_library_is_the_addons_icon() -> void:
	var drawn: Image = Icon.render()
	var saved: Image = Image.load_from_file(
		ProjectSettings.globalize_path("res://").path_join(PICTURE)
	)
	if not check(saved != null, "there is no " + PICTURE):
		return
	check_equal(saved.get_size(), drawn.get_size(), "the size of " + PICTURE)
	if saved.get_size() != drawn.get_size():
		return
	drawn.convert(Image.FORMAT_RGBA8)
	saved.convert(Image.FORMAT_RGBA8)
	var difference: float = drawn.compute_image_metrics(saved, false).get(
		"root_mean_squared", 255.0
	)
	check(
		difference / 255.0 < NEARLY,
		"%s is another picture than the addon's: run `cargo xtask screenshots`" % PICTURE
	)
