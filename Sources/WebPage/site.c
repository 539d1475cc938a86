#include "WebPage.h"

/* Every compiler that builds Swift has #embed, which C has since 2023. */
#pragma clang diagnostic ignored "-Wc23-extensions"

/* A file comes with three lines here and one in the table; scripts/tidy finds what was forgotten. */
static const unsigned char api_js[] = {
#embed "site/api.js"
};
static const unsigned char app_js[] = {
#embed "site/app.js"
};
static const unsigned char dom_js[] = {
#embed "site/dom.js"
};
static const unsigned char index_html[] = {
#embed "site/index.html"
};
static const unsigned char languages_en_json[] = {
#embed "site/languages/en.json"
};
static const unsigned char languages_fr_json[] = {
#embed "site/languages/fr.json"
};
static const unsigned char parts_dialog_js[] = {
#embed "site/parts/dialog.js"
};
static const unsigned char parts_frame_js[] = {
#embed "site/parts/frame.js"
};
static const unsigned char parts_icons_js[] = {
#embed "site/parts/icons.js"
};
static const unsigned char parts_keys_js[] = {
#embed "site/parts/keys.js"
};
static const unsigned char parts_media_js[] = {
#embed "site/parts/media.js"
};
static const unsigned char parts_menu_js[] = {
#embed "site/parts/menu.js"
};
static const unsigned char parts_person_js[] = {
#embed "site/parts/person.js"
};
static const unsigned char parts_poll_js[] = {
#embed "site/parts/poll.js"
};
static const unsigned char parts_post_actions_js[] = {
#embed "site/parts/post-actions.js"
};
static const unsigned char parts_post_js[] = {
#embed "site/parts/post.js"
};
static const unsigned char parts_prompt_js[] = {
#embed "site/parts/prompt.js"
};
static const unsigned char parts_rich_js[] = {
#embed "site/parts/rich.js"
};
static const unsigned char parts_theme_js[] = {
#embed "site/parts/theme.js"
};
static const unsigned char parts_time_js[] = {
#embed "site/parts/time.js"
};
static const unsigned char parts_timeline_js[] = {
#embed "site/parts/timeline.js"
};
static const unsigned char parts_toast_js[] = {
#embed "site/parts/toast.js"
};
static const unsigned char starling_svg[] = {
#embed "site/starling.svg"
};
static const unsigned char starling_webmanifest[] = {
#embed "site/starling.webmanifest"
};
static const unsigned char state_js[] = {
#embed "site/state.js"
};
static const unsigned char style_layout_css[] = {
#embed "site/style/layout.css"
};
static const unsigned char style_parts_css[] = {
#embed "site/style/parts.css"
};
static const unsigned char style_tokens_css[] = {
#embed "site/style/tokens.css"
};
static const unsigned char text_js[] = {
#embed "site/text.js"
};
static const unsigned char views_home_js[] = {
#embed "site/views/home.js"
};
static const unsigned char views_login_js[] = {
#embed "site/views/login.js"
};
static const unsigned char views_mesh_js[] = {
#embed "site/views/mesh.js"
};
static const unsigned char views_missing_js[] = {
#embed "site/views/missing.js"
};
static const unsigned char views_settings_js[] = {
#embed "site/views/settings.js"
};
static const unsigned char views_welcome_js[] = {
#embed "site/views/welcome.js"
};

static const struct {
    const char *path;
    const unsigned char *bytes;
    size_t length;
} files[] = {
#define FILE(path, name) {path, name, sizeof name}
    FILE("api.js", api_js),
    FILE("app.js", app_js),
    FILE("dom.js", dom_js),
    FILE("index.html", index_html),
    FILE("languages/en.json", languages_en_json),
    FILE("languages/fr.json", languages_fr_json),
    FILE("parts/dialog.js", parts_dialog_js),
    FILE("parts/frame.js", parts_frame_js),
    FILE("parts/icons.js", parts_icons_js),
    FILE("parts/keys.js", parts_keys_js),
    FILE("parts/media.js", parts_media_js),
    FILE("parts/menu.js", parts_menu_js),
    FILE("parts/person.js", parts_person_js),
    FILE("parts/poll.js", parts_poll_js),
    FILE("parts/post-actions.js", parts_post_actions_js),
    FILE("parts/post.js", parts_post_js),
    FILE("parts/prompt.js", parts_prompt_js),
    FILE("parts/rich.js", parts_rich_js),
    FILE("parts/theme.js", parts_theme_js),
    FILE("parts/time.js", parts_time_js),
    FILE("parts/timeline.js", parts_timeline_js),
    FILE("parts/toast.js", parts_toast_js),
    FILE("starling.svg", starling_svg),
    FILE("starling.webmanifest", starling_webmanifest),
    FILE("state.js", state_js),
    FILE("style/layout.css", style_layout_css),
    FILE("style/parts.css", style_parts_css),
    FILE("style/tokens.css", style_tokens_css),
    FILE("text.js", text_js),
    FILE("views/home.js", views_home_js),
    FILE("views/login.js", views_login_js),
    FILE("views/mesh.js", views_mesh_js),
    FILE("views/missing.js", views_missing_js),
    FILE("views/settings.js", views_settings_js),
    FILE("views/welcome.js", views_welcome_js),
};

static const size_t count = sizeof files / sizeof files[0];

size_t starling_page_count(void) { return count; }

const char *starling_page_path(size_t file) { return file < count ? files[file].path : NULL; }

size_t starling_page_length(size_t file) { return file < count ? files[file].length : 0; }

const unsigned char *starling_page_bytes(size_t file) {
    return file < count ? files[file].bytes : NULL;
}
