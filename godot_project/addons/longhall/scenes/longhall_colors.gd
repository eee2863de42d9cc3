extends RefCounted
## What can be read on what, as WCAG 2 measures it.

## The least contrast of text with what is behind it. WCAG 2 asks for 4.5; thin letters
## are drawn paler than they are, and what is behind a pane of glass is not all alike.
const READABLE: float = 5.0
## Steps between black and white in which a colour is looked for.
const _STEPS: int = 40
## Points of a picture by which its colour is told, per side.
const _PROBES: int = 5


## The contrast of two opaque colours, from 1 to 21.
static func contrast(one: Color, other: Color) -> float:
	var light: float = one.srgb_to_linear().get_luminance() + 0.05
	var dark: float = other.srgb_to_linear().get_luminance() + 0.05
	return maxf(light, dark) / minf(light, dark)


## The least contrast that [param color] has with any of [param grounds].
static func least_contrast(color: Color, grounds: Array[Color]) -> float:
	var least: float = INF
	for ground: Color in grounds:
		least = minf(least, contrast(ground.blend(color), ground))
	return least


## [param color] if it can be read on all of [param grounds], else the nearest one of
## its hue that can.
static func readable(color: Color, grounds: Array[Color]) -> Color:
	if least_contrast(color, grounds) >= READABLE:
		return color
	var opaque := Color(color, 1.0)
	var best: Color = opaque
	var best_contrast: float = 0.0
	for step: int in range(1, _STEPS + 1):
		for direction: float in [1.0, -1.0]:
			var lightness: float = opaque.ok_hsl_l + direction * step / _STEPS
			var other := Color.from_ok_hsl(
				opaque.ok_hsl_h, opaque.ok_hsl_s, clampf(lightness, 0.0, 1.0)
			)
			var found: float = least_contrast(other, grounds)
			if found >= READABLE:
				return other
			if found > best_contrast:
				best = other
				best_contrast = found
	return best


## The one of black's and white's kin that [param ground] is a ground for.
static func ink_for(ground: Color, light: Color, dark: Color) -> Color:
	return light if contrast(light, ground) >= contrast(dark, ground) else dark


## The colour seen in the middle of [param box] in front of [param behind].
static func in_front_of(behind: Color, box: StyleBox) -> Color:
	var flat := box as StyleBoxFlat
	if flat != null:
		return behind.blend(flat.bg_color) if flat.draw_center else behind
	var textured := box as StyleBoxTexture
	if textured != null and textured.draw_center and textured.texture != null:
		return behind.blend(of_picture(textured.texture) * textured.modulate_color)
	return behind


## The colour of [param picture] as a whole; transparent if it cannot be told.
static func of_picture(picture: Texture2D) -> Color:
	var image: Image = picture.get_image()
	if image == null or image.is_empty():
		return Color.TRANSPARENT
	if image.is_compressed() and image.decompress() != OK:
		return Color.TRANSPARENT
	var sum := Color.TRANSPARENT
	for row: int in _PROBES:
		for column: int in _PROBES:
			var part := Vector2(column + 0.5, row + 0.5) / _PROBES
			sum += image.get_pixelv(Vector2i(part * Vector2(image.get_size())))
	return sum / float(_PROBES * _PROBES)
