extends RefCounted
## Our colours, moved between the ground and the ink of another theme.
##
## Our browns are shades between the hall's dark walls and its light letters, so each
## has its place between any other two. Gold, red, green and blue mean something: they
## keep their hue, and become as dark or light as their place asks.

const Colors := preload("res://addons/longhall/scenes/longhall_colors.gd")

## What our letters stand on.
const OUR_GROUND := Color("#261c15")
## Our letters.
const OUR_INK := Color("#f3e9da")

## From this difference of its channels on, a colour is more than a shade.
const _COLORFUL: float = 0.27
## Between these hues are our browns.
const _BROWN_FROM: float = 0.02
const _BROWN_TO: float = 0.16

## What letters stand on.
var ground: Color = OUR_GROUND
## The letters.
var ink: Color = OUR_INK

var _boxes: Dictionary[StyleBoxFlat, StyleBoxFlat] = {}


## Those of a theme that names [param a_ground] and [param an_ink]. A
## transparent colour counts as not named, and is chosen so that the other can be read.
func _init(a_ground := Color.TRANSPARENT, an_ink := Color.TRANSPARENT) -> void:
	if a_ground.a > 0.0:
		ground = a_ground
	elif an_ink.a > 0.0 and Colors.contrast(an_ink, OUR_GROUND) < Colors.READABLE:
		ground = _turned(OUR_GROUND)
	if an_ink.a > 0.0:
		ink = an_ink
	elif Colors.contrast(_turned(OUR_INK), ground) > Colors.contrast(OUR_INK, ground):
		ink = _turned(OUR_INK)
	ink = Colors.readable(ink, [ground])


## Whether all stays as it is.
func are_ours() -> bool:
	return ground == OUR_GROUND and ink == OUR_INK


## [param ours] at its place between ground and ink.
func fit(ours: Color) -> Color:
	var place: float = inverse_lerp(OUR_GROUND.ok_hsl_l, OUR_INK.ok_hsl_l, ours.ok_hsl_l)
	if _means_something(ours):
		var lightness: float = lerpf(ground.ok_hsl_l, ink.ok_hsl_l, place)
		return Color.from_ok_hsl(ours.ok_hsl_h, ours.ok_hsl_s, clampf(lightness, 0.0, 1.0), ours.a)
	return Color(ground.lerp(ink, place).clamp(), ours.a)


## A copy of [param ours] in those colours.
func fit_box(ours: StyleBox) -> StyleBox:
	var flat := ours as StyleBoxFlat
	if flat == null:
		return ours
	if not _boxes.has(flat):
		var fitting: StyleBoxFlat = flat.duplicate()
		fitting.bg_color = fit(flat.bg_color)
		fitting.border_color = fit(flat.border_color)
		_boxes[flat] = fitting
	return _boxes[flat]


static func _means_something(ours: Color) -> bool:
	var most: float = maxf(ours.r, maxf(ours.g, ours.b))
	var is_brown: bool = ours.h > _BROWN_FROM and ours.h < _BROWN_TO
	return ours.s * most >= _COLORFUL or (not is_brown and ours.s > 0.1)


# Dark as light, and light as dark.
static func _turned(color: Color) -> Color:
	return Color.from_ok_hsl(color.ok_hsl_h, color.ok_hsl_s, 1.0 - color.ok_hsl_l)
