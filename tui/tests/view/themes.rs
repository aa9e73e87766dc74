//! Themes: the same text in other colours, which can be told apart.

use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::{Color, Modifier};
use weir_tui::view::{App, Options, Theme, UiEvent, exports, update};

use super::{app, buffer, keys, screen};

/// Help is as long as that, and shows each colour.
const TALL: (u16, u16) = (100, 250);

fn with_help(theme: Theme) -> App {
    let mut app = app(&Options { color: true, theme, ..Options::default() }, TALL);
    keys(&mut app, "?");
    app
}

/// The colours of a theme, each once.
fn colors(theme: Theme) -> Vec<Color> {
    let mut found = Vec::new();
    for cell in buffer(&with_help(theme), TALL).content() {
        assert_eq!(cell.bg, Color::Reset, "a background is the terminal's");
        if cell.fg != Color::Reset && !found.contains(&cell.fg) {
            found.push(cell.fg);
        }
    }
    found
}

type Vector = [f64; 3];

/// The red, green and blue of one of the 256, as amounts of light.
fn light(color: Color) -> Vector {
    let Color::Indexed(number @ 16..232) = color else { panic!("{color:?} is not in the cube") };
    let place = number - 16;
    [place / 36, place / 6 % 6, place % 6].map(|step| {
        let share = [0.0, 95.0, 135.0, 175.0, 215.0, 255.0][usize::from(step)] / 255.0;
        if share <= 0.04045 { share / 12.92 } else { ((share + 0.055) / 1.055_f64).powf(2.4) }
    })
}

fn times(matrix: [Vector; 3], v: Vector) -> Vector {
    matrix.map(|row| row[0] * v[0] + row[1] * v[1] + row[2] * v[2])
}

/// Where light lies in CIELAB, in which distances are about those that one sees.
fn lab(light: Vector) -> Vector {
    const XYZ: [Vector; 3] = [
        [0.4124564, 0.3575761, 0.1804375],
        [0.2126729, 0.7151522, 0.0721750],
        [0.0193339, 0.1191920, 0.9503041],
    ];
    let [x, y, z] = times(XYZ, light.map(|part| part.clamp(0.0, 1.0)));
    let [x, y, z] = [x / 0.95047, y, z / 1.08883]
        .map(|t| if t > 0.008_856 { t.cbrt() } else { 7.787 * t + 16.0 / 116.0 });
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// The contrast to white or black, from 1 to 21, as in WCAG.
fn contrast(color: Color, ground: f64) -> f64 {
    let [red, green, blue] = light(color);
    let luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    (luminance.max(ground) + 0.05) / (luminance.min(ground) + 0.05)
}

#[test]
fn who_does_not_tell_red_from_green_tells_these_apart() {
    /// What is seen with all senses, without that of red, and without that of green: Machado,
    /// Oliveira and Fernandes (2009), complete.
    const SEEN: [(&str, [Vector; 3]); 3] = [
        ("all", [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]),
        (
            "protanopia",
            [
                [0.152286, 1.052583, -0.204868],
                [0.114503, 0.786281, 0.099216],
                [-0.003882, -0.048116, 1.051998],
            ],
        ),
        (
            "deuteranopia",
            [
                [0.367322, 0.860646, -0.227968],
                [0.280085, 0.672501, 0.047413],
                [-0.011820, 0.042940, 0.968881],
            ],
        ),
    ];
    let colors = colors(Theme::ColorBlind);
    assert_eq!(colors.len(), 11);
    for (eyes, matrix) in SEEN {
        for (index, one) in colors.iter().enumerate() {
            for other in &colors[..index] {
                let [a, b] = [one, other].map(|color| lab(times(matrix, light(*color))));
                let distance = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                // Two and a half can just be seen; ten times that can be seen in single letters.
                assert!(distance > 25.0, "{one:?} and {other:?} with {eyes}: {distance:.1}");
            }
        }
    }
}

#[test]
fn each_theme_can_be_read_on_its_background() {
    for (theme, ground) in [(Theme::Light, 1.0), (Theme::Dark, 0.0), (Theme::ColorBlind, 0.0)] {
        for color in colors(theme) {
            let contrast = contrast(color, ground);
            assert!(contrast > 3.5, "{color:?} of {}: {contrast:.1}", theme.name());
        }
    }
    assert!(colors(Theme::Default).iter().all(|color| !matches!(color, Color::Indexed(_))));
    assert!(colors(Theme::None).is_empty());
}

#[test]
fn a_theme_changes_colours_and_nothing_else() {
    let look = |theme| {
        let app = with_help(theme);
        let buffer = buffer(&app, TALL);
        let cells = buffer.content().iter();
        cells.map(|cell| (cell.symbol().to_owned(), cell.modifier)).collect::<Vec<_>>()
    };
    let plain = look(Theme::None);
    for theme in Theme::ALL {
        assert_eq!(look(theme), plain, "{}", theme.name());
        assert_eq!(theme.name().parse::<Theme>().unwrap(), theme);
    }
    let error = "drak".parse::<Theme>().unwrap_err().to_string();
    assert_eq!(error, "there is no theme `drak`; did you mean `dark`?");
}

#[test]
fn themes_are_changed_by_key_and_by_name() {
    let is_colored = |app: &App| buffer(app, TALL).content().iter().any(|c| c.fg != Color::Reset);
    let mut app = app(&Options::default(), TALL);
    keys(&mut app, "l");
    assert!(!is_colored(&app), "there were to be no colours");
    let before = screen(&app, TALL);
    keys(&mut app, ":theme colour-blind\n");
    assert!(is_colored(&app));
    assert_eq!(screen(&app, TALL), before);
    keys(&mut app, "T");
    assert!(!is_colored(&app));
    for _ in Theme::ALL {
        update(&mut app, UiEvent::Key(KeyEvent::new(KeyCode::Char('T'), KeyModifiers::SHIFT)));
    }
    assert!(!is_colored(&app), "once around");
}

#[test]
fn a_drawing_has_the_paper_of_its_theme() {
    let svg = |theme| {
        let app = with_help(theme);
        let files = exports(&app).files;
        files.into_iter().find(|file| file.ending == ".svg").unwrap().contents
    };
    assert!(svg(Theme::Light).contains("fill=\"#ffffff\""));
    // 28 of the 256.
    assert!(svg(Theme::Light).contains("#008700"));
    assert!(svg(Theme::Dark).contains("fill=\"#16181d\""));
}

/// What was bold or turned under a pop-up does not show through it.
#[test]
fn nothing_shines_through() {
    let size = (80, 24);
    let mut app = app(&Options { at: Some("59".parse().unwrap()), ..Options::default() }, size);
    keys(&mut app, "6i");
    let buffer = buffer(&app, size);
    let turned = |y: u16| {
        let cells = (0..size.0).map(|x| &buffer[(x, y)]);
        cells.filter(|cell| cell.modifier.contains(Modifier::REVERSED)).count()
    };
    let rows: Vec<u16> =
        (1..size.1 - 4).filter(|y| turned(*y) == usize::from(size.0) - 1).collect();
    assert!(rows.is_empty(), "the selected row is behind the pop-up: {rows:?}");
}
