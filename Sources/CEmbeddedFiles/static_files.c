#include "files.h"

// Scripts/embed-files writes this file.

static const unsigned char file_charts_css[] = {
#embed "../../static/charts.css"
};

static const unsigned char file_core_account_js[] = {
#embed "../../static/core/account.js"
};

static const unsigned char file_core_ahead_js[] = {
#embed "../../static/core/ahead.js"
};

static const unsigned char file_core_api_js[] = {
#embed "../../static/core/api.js"
};

static const unsigned char file_core_connection_js[] = {
#embed "../../static/core/connection.js"
};

static const unsigned char file_core_dom_js[] = {
#embed "../../static/core/dom.js"
};

static const unsigned char file_core_everything_js[] = {
#embed "../../static/core/everything.js"
};

static const unsigned char file_core_format_js[] = {
#embed "../../static/core/format.js"
};

static const unsigned char file_core_later_js[] = {
#embed "../../static/core/later.js"
};

static const unsigned char file_core_names_js[] = {
#embed "../../static/core/names.js"
};

static const unsigned char file_core_offline_filter_js[] = {
#embed "../../static/core/offline-filter.js"
};

static const unsigned char file_core_offline_table_js[] = {
#embed "../../static/core/offline-table.js"
};

static const unsigned char file_core_offline_js[] = {
#embed "../../static/core/offline.js"
};

static const unsigned char file_core_query_js[] = {
#embed "../../static/core/query.js"
};

static const unsigned char file_core_router_js[] = {
#embed "../../static/core/router.js"
};

static const unsigned char file_core_settings_js[] = {
#embed "../../static/core/settings.js"
};

static const unsigned char file_core_size_js[] = {
#embed "../../static/core/size.js"
};

static const unsigned char file_core_start_file_js[] = {
#embed "../../static/core/start-file.js"
};

static const unsigned char file_core_start_js[] = {
#embed "../../static/core/start.js"
};

static const unsigned char file_core_styles_js[] = {
#embed "../../static/core/styles.js"
};

static const unsigned char file_details_css[] = {
#embed "../../static/details.css"
};

static const unsigned char file_dialogs_css[] = {
#embed "../../static/dialogs.css"
};

static const unsigned char file_export_html[] = {
#embed "../../static/export.html"
};

static const unsigned char file_icon_svg[] = {
#embed "../../static/icon.svg"
};

static const unsigned char file_index_html[] = {
#embed "../../static/index.html"
};

static const unsigned char file_page_css[] = {
#embed "../../static/page.css"
};

static const unsigned char file_pages_compare_js[] = {
#embed "../../static/pages/compare.js"
};

static const unsigned char file_pages_experiment_js[] = {
#embed "../../static/pages/experiment.js"
};

static const unsigned char file_pages_experiments_js[] = {
#embed "../../static/pages/experiments.js"
};

static const unsigned char file_pages_logged_model_js[] = {
#embed "../../static/pages/logged-model.js"
};

static const unsigned char file_pages_model_js[] = {
#embed "../../static/pages/model.js"
};

static const unsigned char file_pages_models_js[] = {
#embed "../../static/pages/models.js"
};

static const unsigned char file_pages_prompt_js[] = {
#embed "../../static/pages/prompt.js"
};

static const unsigned char file_pages_prompts_js[] = {
#embed "../../static/pages/prompts.js"
};

static const unsigned char file_pages_role_js[] = {
#embed "../../static/pages/role.js"
};

static const unsigned char file_pages_run_js[] = {
#embed "../../static/pages/run.js"
};

static const unsigned char file_pages_tokens_js[] = {
#embed "../../static/pages/tokens.js"
};

static const unsigned char file_pages_unknown_js[] = {
#embed "../../static/pages/unknown.js"
};

static const unsigned char file_pages_user_js[] = {
#embed "../../static/pages/user.js"
};

static const unsigned char file_pages_users_js[] = {
#embed "../../static/pages/users.js"
};

static const unsigned char file_pages_version_js[] = {
#embed "../../static/pages/version.js"
};

static const unsigned char file_parts_accounts_js[] = {
#embed "../../static/parts/accounts.js"
};

static const unsigned char file_parts_ask_js[] = {
#embed "../../static/parts/ask.js"
};

static const unsigned char file_parts_chart_detail_js[] = {
#embed "../../static/parts/chart-detail.js"
};

static const unsigned char file_parts_chart_draw_js[] = {
#embed "../../static/parts/chart-draw.js"
};

static const unsigned char file_parts_chart_legend_js[] = {
#embed "../../static/parts/chart-legend.js"
};

static const unsigned char file_parts_chart_look_js[] = {
#embed "../../static/parts/chart-look.js"
};

static const unsigned char file_parts_chart_pointer_js[] = {
#embed "../../static/parts/chart-pointer.js"
};

static const unsigned char file_parts_chart_scale_js[] = {
#embed "../../static/parts/chart-scale.js"
};

static const unsigned char file_parts_chart_series_js[] = {
#embed "../../static/parts/chart-series.js"
};

static const unsigned char file_parts_chart_smooth_js[] = {
#embed "../../static/parts/chart-smooth.js"
};

static const unsigned char file_parts_chart_tip_js[] = {
#embed "../../static/parts/chart-tip.js"
};

static const unsigned char file_parts_chart_tools_js[] = {
#embed "../../static/parts/chart-tools.js"
};

static const unsigned char file_parts_chart_values_js[] = {
#embed "../../static/parts/chart-values.js"
};

static const unsigned char file_parts_chart_words_js[] = {
#embed "../../static/parts/chart-words.js"
};

static const unsigned char file_parts_chart_js[] = {
#embed "../../static/parts/chart.js"
};

static const unsigned char file_parts_charts_js[] = {
#embed "../../static/parts/charts.js"
};

static const unsigned char file_parts_compare_data_js[] = {
#embed "../../static/parts/compare-data.js"
};

static const unsigned char file_parts_compare_files_js[] = {
#embed "../../static/parts/compare-files.js"
};

static const unsigned char file_parts_compare_plots_js[] = {
#embed "../../static/parts/compare-plots.js"
};

static const unsigned char file_parts_compare_table_js[] = {
#embed "../../static/parts/compare-table.js"
};

static const unsigned char file_parts_curves_refresh_js[] = {
#embed "../../static/parts/curves-refresh.js"
};

static const unsigned char file_parts_curves_js[] = {
#embed "../../static/parts/curves.js"
};

static const unsigned char file_parts_description_js[] = {
#embed "../../static/parts/description.js"
};

static const unsigned char file_parts_dialog_js[] = {
#embed "../../static/parts/dialog.js"
};

static const unsigned char file_parts_diff_js[] = {
#embed "../../static/parts/diff.js"
};

static const unsigned char file_parts_experiment_about_js[] = {
#embed "../../static/parts/experiment-about.js"
};

static const unsigned char file_parts_experiment_actions_js[] = {
#embed "../../static/parts/experiment-actions.js"
};

static const unsigned char file_parts_experiment_menu_js[] = {
#embed "../../static/parts/experiment-menu.js"
};

static const unsigned char file_parts_experiment_models_js[] = {
#embed "../../static/parts/experiment-models.js"
};

static const unsigned char file_parts_export_js[] = {
#embed "../../static/parts/export.js"
};

static const unsigned char file_parts_filter_help_js[] = {
#embed "../../static/parts/filter-help.js"
};

static const unsigned char file_parts_filter_text_js[] = {
#embed "../../static/parts/filter-text.js"
};

static const unsigned char file_parts_filter_words_js[] = {
#embed "../../static/parts/filter-words.js"
};

static const unsigned char file_parts_filter_js[] = {
#embed "../../static/parts/filter.js"
};

static const unsigned char file_parts_importance_js[] = {
#embed "../../static/parts/importance.js"
};

static const unsigned char file_parts_jump_find_js[] = {
#embed "../../static/parts/jump-find.js"
};

static const unsigned char file_parts_jump_js[] = {
#embed "../../static/parts/jump.js"
};

static const unsigned char file_parts_keyboard_help_js[] = {
#embed "../../static/parts/keyboard-help.js"
};

static const unsigned char file_parts_keyboard_js[] = {
#embed "../../static/parts/keyboard.js"
};

static const unsigned char file_parts_list_js[] = {
#embed "../../static/parts/list.js"
};

static const unsigned char file_parts_markdown_js[] = {
#embed "../../static/parts/markdown.js"
};

static const unsigned char file_parts_menu_js[] = {
#embed "../../static/parts/menu.js"
};

static const unsigned char file_parts_parallel_js[] = {
#embed "../../static/parts/parallel.js"
};

static const unsigned char file_parts_password_js[] = {
#embed "../../static/parts/password.js"
};

static const unsigned char file_parts_preview_file_js[] = {
#embed "../../static/parts/preview-file.js"
};

static const unsigned char file_parts_preview_images_js[] = {
#embed "../../static/parts/preview-images.js"
};

static const unsigned char file_parts_preview_journal_js[] = {
#embed "../../static/parts/preview-journal.js"
};

static const unsigned char file_parts_preview_notebook_js[] = {
#embed "../../static/parts/preview-notebook.js"
};

static const unsigned char file_parts_preview_read_js[] = {
#embed "../../static/parts/preview-read.js"
};

static const unsigned char file_parts_preview_table_js[] = {
#embed "../../static/parts/preview-table.js"
};

static const unsigned char file_parts_preview_js[] = {
#embed "../../static/parts/preview.js"
};

static const unsigned char file_parts_registry_js[] = {
#embed "../../static/parts/registry.js"
};

static const unsigned char file_parts_role_actions_js[] = {
#embed "../../static/parts/role-actions.js"
};

static const unsigned char file_parts_run_metrics_js[] = {
#embed "../../static/parts/run-metrics.js"
};

static const unsigned char file_parts_run_overview_js[] = {
#embed "../../static/parts/run-overview.js"
};

static const unsigned char file_parts_run_relations_js[] = {
#embed "../../static/parts/run-relations.js"
};

static const unsigned char file_parts_run_table_bar_js[] = {
#embed "../../static/parts/run-table-bar.js"
};

static const unsigned char file_parts_run_table_empty_js[] = {
#embed "../../static/parts/run-table-empty.js"
};

static const unsigned char file_parts_run_table_heads_js[] = {
#embed "../../static/parts/run-table-heads.js"
};

static const unsigned char file_parts_run_table_menus_js[] = {
#embed "../../static/parts/run-table-menus.js"
};

static const unsigned char file_parts_run_table_rows_js[] = {
#embed "../../static/parts/run-table-rows.js"
};

static const unsigned char file_parts_run_table_js[] = {
#embed "../../static/parts/run-table.js"
};

static const unsigned char file_parts_scatter_js[] = {
#embed "../../static/parts/scatter.js"
};

static const unsigned char file_parts_selection_js[] = {
#embed "../../static/parts/selection.js"
};

static const unsigned char file_parts_sharing_js[] = {
#embed "../../static/parts/sharing.js"
};

static const unsigned char file_parts_signature_js[] = {
#embed "../../static/parts/signature.js"
};

static const unsigned char file_parts_space_js[] = {
#embed "../../static/parts/space.js"
};

static const unsigned char file_parts_sparkline_js[] = {
#embed "../../static/parts/sparkline.js"
};

static const unsigned char file_parts_table_actions_js[] = {
#embed "../../static/parts/table-actions.js"
};

static const unsigned char file_parts_table_cells_js[] = {
#embed "../../static/parts/table-cells.js"
};

static const unsigned char file_parts_table_chooser_js[] = {
#embed "../../static/parts/table-chooser.js"
};

static const unsigned char file_parts_table_columns_js[] = {
#embed "../../static/parts/table-columns.js"
};

static const unsigned char file_parts_table_groups_js[] = {
#embed "../../static/parts/table-groups.js"
};

static const unsigned char file_parts_table_lines_js[] = {
#embed "../../static/parts/table-lines.js"
};

static const unsigned char file_parts_table_refresh_js[] = {
#embed "../../static/parts/table-refresh.js"
};

static const unsigned char file_parts_table_request_js[] = {
#embed "../../static/parts/table-request.js"
};

static const unsigned char file_parts_table_runs_js[] = {
#embed "../../static/parts/table-runs.js"
};

static const unsigned char file_parts_table_js[] = {
#embed "../../static/parts/table.js"
};

static const unsigned char file_parts_tags_js[] = {
#embed "../../static/parts/tags.js"
};

static const unsigned char file_parts_toast_js[] = {
#embed "../../static/parts/toast.js"
};

static const unsigned char file_parts_tree_js[] = {
#embed "../../static/parts/tree.js"
};

static const unsigned char file_parts_user_actions_js[] = {
#embed "../../static/parts/user-actions.js"
};

static const struct apus_embedded_file static_files[] = {
    APUS_FILE("charts.css", file_charts_css),
    APUS_FILE("core/account.js", file_core_account_js),
    APUS_FILE("core/ahead.js", file_core_ahead_js),
    APUS_FILE("core/api.js", file_core_api_js),
    APUS_FILE("core/connection.js", file_core_connection_js),
    APUS_FILE("core/dom.js", file_core_dom_js),
    APUS_FILE("core/everything.js", file_core_everything_js),
    APUS_FILE("core/format.js", file_core_format_js),
    APUS_FILE("core/later.js", file_core_later_js),
    APUS_FILE("core/names.js", file_core_names_js),
    APUS_FILE("core/offline-filter.js", file_core_offline_filter_js),
    APUS_FILE("core/offline-table.js", file_core_offline_table_js),
    APUS_FILE("core/offline.js", file_core_offline_js),
    APUS_FILE("core/query.js", file_core_query_js),
    APUS_FILE("core/router.js", file_core_router_js),
    APUS_FILE("core/settings.js", file_core_settings_js),
    APUS_FILE("core/size.js", file_core_size_js),
    APUS_FILE("core/start-file.js", file_core_start_file_js),
    APUS_FILE("core/start.js", file_core_start_js),
    APUS_FILE("core/styles.js", file_core_styles_js),
    APUS_FILE("details.css", file_details_css),
    APUS_FILE("dialogs.css", file_dialogs_css),
    APUS_FILE("export.html", file_export_html),
    APUS_FILE("icon.svg", file_icon_svg),
    APUS_FILE("index.html", file_index_html),
    APUS_FILE("page.css", file_page_css),
    APUS_FILE("pages/compare.js", file_pages_compare_js),
    APUS_FILE("pages/experiment.js", file_pages_experiment_js),
    APUS_FILE("pages/experiments.js", file_pages_experiments_js),
    APUS_FILE("pages/logged-model.js", file_pages_logged_model_js),
    APUS_FILE("pages/model.js", file_pages_model_js),
    APUS_FILE("pages/models.js", file_pages_models_js),
    APUS_FILE("pages/prompt.js", file_pages_prompt_js),
    APUS_FILE("pages/prompts.js", file_pages_prompts_js),
    APUS_FILE("pages/role.js", file_pages_role_js),
    APUS_FILE("pages/run.js", file_pages_run_js),
    APUS_FILE("pages/tokens.js", file_pages_tokens_js),
    APUS_FILE("pages/unknown.js", file_pages_unknown_js),
    APUS_FILE("pages/user.js", file_pages_user_js),
    APUS_FILE("pages/users.js", file_pages_users_js),
    APUS_FILE("pages/version.js", file_pages_version_js),
    APUS_FILE("parts/accounts.js", file_parts_accounts_js),
    APUS_FILE("parts/ask.js", file_parts_ask_js),
    APUS_FILE("parts/chart-detail.js", file_parts_chart_detail_js),
    APUS_FILE("parts/chart-draw.js", file_parts_chart_draw_js),
    APUS_FILE("parts/chart-legend.js", file_parts_chart_legend_js),
    APUS_FILE("parts/chart-look.js", file_parts_chart_look_js),
    APUS_FILE("parts/chart-pointer.js", file_parts_chart_pointer_js),
    APUS_FILE("parts/chart-scale.js", file_parts_chart_scale_js),
    APUS_FILE("parts/chart-series.js", file_parts_chart_series_js),
    APUS_FILE("parts/chart-smooth.js", file_parts_chart_smooth_js),
    APUS_FILE("parts/chart-tip.js", file_parts_chart_tip_js),
    APUS_FILE("parts/chart-tools.js", file_parts_chart_tools_js),
    APUS_FILE("parts/chart-values.js", file_parts_chart_values_js),
    APUS_FILE("parts/chart-words.js", file_parts_chart_words_js),
    APUS_FILE("parts/chart.js", file_parts_chart_js),
    APUS_FILE("parts/charts.js", file_parts_charts_js),
    APUS_FILE("parts/compare-data.js", file_parts_compare_data_js),
    APUS_FILE("parts/compare-files.js", file_parts_compare_files_js),
    APUS_FILE("parts/compare-plots.js", file_parts_compare_plots_js),
    APUS_FILE("parts/compare-table.js", file_parts_compare_table_js),
    APUS_FILE("parts/curves-refresh.js", file_parts_curves_refresh_js),
    APUS_FILE("parts/curves.js", file_parts_curves_js),
    APUS_FILE("parts/description.js", file_parts_description_js),
    APUS_FILE("parts/dialog.js", file_parts_dialog_js),
    APUS_FILE("parts/diff.js", file_parts_diff_js),
    APUS_FILE("parts/experiment-about.js", file_parts_experiment_about_js),
    APUS_FILE("parts/experiment-actions.js", file_parts_experiment_actions_js),
    APUS_FILE("parts/experiment-menu.js", file_parts_experiment_menu_js),
    APUS_FILE("parts/experiment-models.js", file_parts_experiment_models_js),
    APUS_FILE("parts/export.js", file_parts_export_js),
    APUS_FILE("parts/filter-help.js", file_parts_filter_help_js),
    APUS_FILE("parts/filter-text.js", file_parts_filter_text_js),
    APUS_FILE("parts/filter-words.js", file_parts_filter_words_js),
    APUS_FILE("parts/filter.js", file_parts_filter_js),
    APUS_FILE("parts/importance.js", file_parts_importance_js),
    APUS_FILE("parts/jump-find.js", file_parts_jump_find_js),
    APUS_FILE("parts/jump.js", file_parts_jump_js),
    APUS_FILE("parts/keyboard-help.js", file_parts_keyboard_help_js),
    APUS_FILE("parts/keyboard.js", file_parts_keyboard_js),
    APUS_FILE("parts/list.js", file_parts_list_js),
    APUS_FILE("parts/markdown.js", file_parts_markdown_js),
    APUS_FILE("parts/menu.js", file_parts_menu_js),
    APUS_FILE("parts/parallel.js", file_parts_parallel_js),
    APUS_FILE("parts/password.js", file_parts_password_js),
    APUS_FILE("parts/preview-file.js", file_parts_preview_file_js),
    APUS_FILE("parts/preview-images.js", file_parts_preview_images_js),
    APUS_FILE("parts/preview-journal.js", file_parts_preview_journal_js),
    APUS_FILE("parts/preview-notebook.js", file_parts_preview_notebook_js),
    APUS_FILE("parts/preview-read.js", file_parts_preview_read_js),
    APUS_FILE("parts/preview-table.js", file_parts_preview_table_js),
    APUS_FILE("parts/preview.js", file_parts_preview_js),
    APUS_FILE("parts/registry.js", file_parts_registry_js),
    APUS_FILE("parts/role-actions.js", file_parts_role_actions_js),
    APUS_FILE("parts/run-metrics.js", file_parts_run_metrics_js),
    APUS_FILE("parts/run-overview.js", file_parts_run_overview_js),
    APUS_FILE("parts/run-relations.js", file_parts_run_relations_js),
    APUS_FILE("parts/run-table-bar.js", file_parts_run_table_bar_js),
    APUS_FILE("parts/run-table-empty.js", file_parts_run_table_empty_js),
    APUS_FILE("parts/run-table-heads.js", file_parts_run_table_heads_js),
    APUS_FILE("parts/run-table-menus.js", file_parts_run_table_menus_js),
    APUS_FILE("parts/run-table-rows.js", file_parts_run_table_rows_js),
    APUS_FILE("parts/run-table.js", file_parts_run_table_js),
    APUS_FILE("parts/scatter.js", file_parts_scatter_js),
    APUS_FILE("parts/selection.js", file_parts_selection_js),
    APUS_FILE("parts/sharing.js", file_parts_sharing_js),
    APUS_FILE("parts/signature.js", file_parts_signature_js),
    APUS_FILE("parts/space.js", file_parts_space_js),
    APUS_FILE("parts/sparkline.js", file_parts_sparkline_js),
    APUS_FILE("parts/table-actions.js", file_parts_table_actions_js),
    APUS_FILE("parts/table-cells.js", file_parts_table_cells_js),
    APUS_FILE("parts/table-chooser.js", file_parts_table_chooser_js),
    APUS_FILE("parts/table-columns.js", file_parts_table_columns_js),
    APUS_FILE("parts/table-groups.js", file_parts_table_groups_js),
    APUS_FILE("parts/table-lines.js", file_parts_table_lines_js),
    APUS_FILE("parts/table-refresh.js", file_parts_table_refresh_js),
    APUS_FILE("parts/table-request.js", file_parts_table_request_js),
    APUS_FILE("parts/table-runs.js", file_parts_table_runs_js),
    APUS_FILE("parts/table.js", file_parts_table_js),
    APUS_FILE("parts/tags.js", file_parts_tags_js),
    APUS_FILE("parts/toast.js", file_parts_toast_js),
    APUS_FILE("parts/tree.js", file_parts_tree_js),
    APUS_FILE("parts/user-actions.js", file_parts_user_actions_js),
};

struct apus_embedded_files apus_static_files(void) {
    return APUS_FILES(static_files);
}
