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
static const unsigned char parts_attachments_js[] = {
#embed "site/parts/attachments.js"
};
static const unsigned char parts_changes_js[] = {
#embed "site/parts/changes.js"
};
static const unsigned char parts_check_js[] = {
#embed "site/parts/check.js"
};
static const unsigned char parts_composer_js[] = {
#embed "site/parts/composer.js"
};
static const unsigned char parts_dialog_js[] = {
#embed "site/parts/dialog.js"
};
static const unsigned char parts_emoji_js[] = {
#embed "site/parts/emoji.js"
};
static const unsigned char parts_explain_js[] = {
#embed "site/parts/explain.js"
};
static const unsigned char parts_first_run_js[] = {
#embed "site/parts/first-run.js"
};
static const unsigned char parts_first_steps_js[] = {
#embed "site/parts/first-steps.js"
};
static const unsigned char parts_flock_js[] = {
#embed "site/parts/flock.js"
};
static const unsigned char parts_form_js[] = {
#embed "site/parts/form.js"
};
static const unsigned char parts_frame_js[] = {
#embed "site/parts/frame.js"
};
static const unsigned char parts_head_js[] = {
#embed "site/parts/head.js"
};
static const unsigned char parts_history_js[] = {
#embed "site/parts/history.js"
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
static const unsigned char parts_mentions_js[] = {
#embed "site/parts/mentions.js"
};
static const unsigned char parts_menu_js[] = {
#embed "site/parts/menu.js"
};
static const unsigned char parts_neighbours_js[] = {
#embed "site/parts/neighbours.js"
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
static const unsigned char parts_profile_js[] = {
#embed "site/parts/profile.js"
};
static const unsigned char parts_prompt_js[] = {
#embed "site/parts/prompt.js"
};
static const unsigned char parts_proof_js[] = {
#embed "site/parts/proof.js"
};
static const unsigned char parts_qr_js[] = {
#embed "site/parts/qr.js"
};
static const unsigned char parts_question_js[] = {
#embed "site/parts/question.js"
};
static const unsigned char parts_rich_js[] = {
#embed "site/parts/rich.js"
};
static const unsigned char parts_sheet_js[] = {
#embed "site/parts/sheet.js"
};
static const unsigned char parts_tallies_js[] = {
#embed "site/parts/tallies.js"
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
static const unsigned char style_mesh_css[] = {
#embed "site/style/mesh.css"
};
static const unsigned char style_parts_css[] = {
#embed "site/style/parts.css"
};
static const unsigned char style_settings_css[] = {
#embed "site/style/settings.css"
};
static const unsigned char style_tokens_css[] = {
#embed "site/style/tokens.css"
};
static const unsigned char text_js[] = {
#embed "site/text.js"
};
static const unsigned char views_author_js[] = {
#embed "site/views/author.js"
};
static const unsigned char views_bookmarks_js[] = {
#embed "site/views/bookmarks.js"
};
static const unsigned char views_compose_js[] = {
#embed "site/views/compose.js"
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
static const unsigned char views_notifications_js[] = {
#embed "site/views/notifications.js"
};
static const unsigned char views_search_js[] = {
#embed "site/views/search.js"
};
static const unsigned char views_settings_js[] = {
#embed "site/views/settings.js"
};
static const unsigned char views_settings_access_js[] = {
#embed "site/views/settings/access.js"
};
static const unsigned char views_settings_hidden_js[] = {
#embed "site/views/settings/hidden.js"
};
static const unsigned char views_settings_look_js[] = {
#embed "site/views/settings/look.js"
};
static const unsigned char views_settings_moving_js[] = {
#embed "site/views/settings/moving.js"
};
static const unsigned char views_settings_orders_js[] = {
#embed "site/views/settings/orders.js"
};
static const unsigned char views_settings_people_js[] = {
#embed "site/views/settings/people.js"
};
static const unsigned char views_settings_profile_js[] = {
#embed "site/views/settings/profile.js"
};
static const unsigned char views_settings_storage_js[] = {
#embed "site/views/settings/storage.js"
};
static const unsigned char views_square_js[] = {
#embed "site/views/square.js"
};
static const unsigned char views_tag_js[] = {
#embed "site/views/tag.js"
};
static const unsigned char views_thread_js[] = {
#embed "site/views/thread.js"
};
static const unsigned char views_verify_js[] = {
#embed "site/views/verify.js"
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
    FILE("parts/attachments.js", parts_attachments_js),
    FILE("parts/changes.js", parts_changes_js),
    FILE("parts/check.js", parts_check_js),
    FILE("parts/composer.js", parts_composer_js),
    FILE("parts/dialog.js", parts_dialog_js),
    FILE("parts/emoji.js", parts_emoji_js),
    FILE("parts/explain.js", parts_explain_js),
    FILE("parts/first-run.js", parts_first_run_js),
    FILE("parts/first-steps.js", parts_first_steps_js),
    FILE("parts/flock.js", parts_flock_js),
    FILE("parts/form.js", parts_form_js),
    FILE("parts/frame.js", parts_frame_js),
    FILE("parts/head.js", parts_head_js),
    FILE("parts/history.js", parts_history_js),
    FILE("parts/icons.js", parts_icons_js),
    FILE("parts/keys.js", parts_keys_js),
    FILE("parts/media.js", parts_media_js),
    FILE("parts/mentions.js", parts_mentions_js),
    FILE("parts/menu.js", parts_menu_js),
    FILE("parts/neighbours.js", parts_neighbours_js),
    FILE("parts/person.js", parts_person_js),
    FILE("parts/poll.js", parts_poll_js),
    FILE("parts/post-actions.js", parts_post_actions_js),
    FILE("parts/post.js", parts_post_js),
    FILE("parts/profile.js", parts_profile_js),
    FILE("parts/prompt.js", parts_prompt_js),
    FILE("parts/proof.js", parts_proof_js),
    FILE("parts/qr.js", parts_qr_js),
    FILE("parts/question.js", parts_question_js),
    FILE("parts/rich.js", parts_rich_js),
    FILE("parts/sheet.js", parts_sheet_js),
    FILE("parts/tallies.js", parts_tallies_js),
    FILE("parts/theme.js", parts_theme_js),
    FILE("parts/time.js", parts_time_js),
    FILE("parts/timeline.js", parts_timeline_js),
    FILE("parts/toast.js", parts_toast_js),
    FILE("starling.svg", starling_svg),
    FILE("starling.webmanifest", starling_webmanifest),
    FILE("state.js", state_js),
    FILE("style/layout.css", style_layout_css),
    FILE("style/mesh.css", style_mesh_css),
    FILE("style/parts.css", style_parts_css),
    FILE("style/settings.css", style_settings_css),
    FILE("style/tokens.css", style_tokens_css),
    FILE("text.js", text_js),
    FILE("views/author.js", views_author_js),
    FILE("views/bookmarks.js", views_bookmarks_js),
    FILE("views/compose.js", views_compose_js),
    FILE("views/home.js", views_home_js),
    FILE("views/login.js", views_login_js),
    FILE("views/mesh.js", views_mesh_js),
    FILE("views/missing.js", views_missing_js),
    FILE("views/notifications.js", views_notifications_js),
    FILE("views/search.js", views_search_js),
    FILE("views/settings.js", views_settings_js),
    FILE("views/settings/access.js", views_settings_access_js),
    FILE("views/settings/hidden.js", views_settings_hidden_js),
    FILE("views/settings/look.js", views_settings_look_js),
    FILE("views/settings/moving.js", views_settings_moving_js),
    FILE("views/settings/orders.js", views_settings_orders_js),
    FILE("views/settings/people.js", views_settings_people_js),
    FILE("views/settings/profile.js", views_settings_profile_js),
    FILE("views/settings/storage.js", views_settings_storage_js),
    FILE("views/square.js", views_square_js),
    FILE("views/tag.js", views_tag_js),
    FILE("views/thread.js", views_thread_js),
    FILE("views/verify.js", views_verify_js),
    FILE("views/welcome.js", views_welcome_js),
};

static const size_t count = sizeof files / sizeof files[0];

size_t starling_page_count(void) { return count; }

const char *starling_page_path(size_t file) { return file < count ? files[file].path : NULL; }

size_t starling_page_length(size_t file) { return file < count ? files[file].length : 0; }

const unsigned char *starling_page_bytes(size_t file) {
    return file < count ? files[file].bytes : NULL;
}
