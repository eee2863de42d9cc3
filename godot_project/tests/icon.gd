extends RefCounted
## The addon's picture for places that take no SVG, such as Godot's asset library.

const SOURCE: String = "res://addons/longhall/icons/longhall.svg"
## The drawing is 128 pixels wide; screens with many pixels show twice as many.
const SCALE: float = 2.0


## Draws it anew.
static func render() -> Image:
	var image := Image.new()
	var error: Error = image.load_svg_from_string(FileAccess.get_file_as_string(SOURCE), SCALE)
	assert(error == OK, "the icon cannot be drawn: " + error_string(error))
	return image
