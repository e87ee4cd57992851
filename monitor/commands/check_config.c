/* psmon check-config: validates configuration, fleet and maintenance, prints what is in force.
 * SPDX-License-Identifier: MIT */
#include "monitor/command.h"
#include "monitor/probe.h"
#include "monitor/signals.h"

#include <stdio.h>
#include <string.h>

static void print_fleet(const struct fleet *f, const struct maintenance *m)
{
    printf("\n# fleet: %zu supplies, %zu channels, %zu families, %zu sectors, %zu signals\n", f->n_supplies,
           f->n_channels, f->groups[GROUP_FAMILY].n, f->groups[GROUP_SECTOR].n, f->signals.n);
    for (size_t g = 0; g < f->groups[GROUP_FAMILY].n; g++) {
        size_t n = 0;
        for (size_t i = 0; i < f->n_supplies; i++)
            n += f->supplies[i].group[GROUP_FAMILY] == (int32_t)g;
        printf("#   %-24s %zu supplies\n", f->groups[GROUP_FAMILY].name[g], n);
    }
    printf("# maintenance: %zu entries\n", m->n_entries); /* what repeats has periods until 2070 */
}

/* Whether a run would score by the model in force. */
static int check_model(const struct world *w, struct err *err)
{
    struct model *m = NULL;
    char name[MODEL_NAME_LEN], hash[DIGEST_HEX_LEN];
    int rc = models_load_active(&m, w->settings, w->fleet, name, hash, err);
    if (rc < 0)
        return err_wrap(err, "model '%s'", name);
    if (rc == 0)
        printf("# model: none in force\n");
    else
        printf("# model: %s\n", name);
    if (rc > 0 && *model_lacks(m))
        printf("# model: %s; train again (psmon train)\n", model_lacks(m));
    model_free(m);
    return 0;
}

static int run_check_config(int argc, char **argv)
{
    const char *config = NULL;
    bool sample = false, with_probe = false, send = false;
    const struct option_spec specs[] = {
        {"config", 'c', OPTION_TEXT, &config, "FILE", "configuration to check", false},
        {"probe", 0, OPTION_FLAG, &with_probe, NULL,
         "ask the archiver for every PV, the database and each webhook, and exit 1 when something is wrong",
         false},
        {"send", 0, OPTION_FLAG, &send, NULL, "with --probe: send each webhook a test message", false},
        {"sample", 0, OPTION_FLAG, &sample, NULL, "print a sample file with every key instead", false},
        {0}};
    int status;
    if (!command_options(argc, argv, "check-config -c FILE [--probe [--send]] | --sample",
                         "Checks the configuration and the tables it names, and prints what is in force\n"
                         "(secrets masked). Says file, line and key of what is wrong.",
                         specs, NULL, 0, NULL, &status))
        return status;
    struct buf b = {0};
    if (sample) {
        settings_sample(&b);
        fputs(buf_text(&b), stdout);
        buf_free(&b);
        return EXIT_OK;
    }
    if (!config) {
        fprintf(stderr, "psmon check-config: -c FILE is needed; see psmon check-config --help\n");
        return EXIT_USAGE;
    }
    struct context c;
    struct err err = {0};
    if (context_open(&c, config, &err) != 0)
        return command_fail(&err);
    settings_print(c.world->settings, &b);
    fputs(buf_text(&b), stdout);
    buf_free(&b);
    if (settings_exposed(c.world->settings))
        fprintf(stderr, "psmon: warning: %s: %s%s\n", c.world->settings->path,
                settings_exposed(c.world->settings), c.world->settings->path);
    print_fleet(c.world->fleet, c.world->maintenance);
    signals_warn(c.world->fleet, c.world->settings->fleet, stderr);
    int rc = check_model(c.world, &err);
    fputs(with_probe ? "\n" : "", stdout);
    bool wrong = with_probe && probe(&c, send, stdout) > 0;
    context_close(&c);
    return rc != 0 ? command_fail(&err) : wrong ? EXIT_FAILED : EXIT_OK;
}

const struct command command_check_config = {
    .name = "check-config", .summary = "validate the configuration", .run = run_check_config};
