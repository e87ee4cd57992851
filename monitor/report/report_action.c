/* The suggested action of a row; see report_parts.h. The table follows what each failure does to the
 * six signals: fans and heatsinks heat the IGBT alone, a short lowers the voltage, joints raise it and make
 * it noisy, a failing current transducer makes the current noisy, lost water heats the coil and with it its
 * resistance. SPDX-License-Identifier: MIT */
#include "monitor/report/report_parts.h"

#include "detectors/statistics/statistic.h"

#include <math.h>
#include <string.h>

/* Did a signal take part, moving up? */
static bool rises_too(const struct finding *d, const char *signal)
{
    for (size_t i = 0; i < d->n_by; i++)
        if (strcmp(d->by[i].signal, signal) == 0 && d->by[i].size > 0 && strcmp(d->by[i].unit, "x") != 0)
            return true;
    return false;
}

struct rule {
    const char *signal;
    enum { LEVEL_UP, LEVEL_DOWN, NOISE } how;
    const char *action;
};

static const struct rule rules[] = {
    {"igbt_temperature", LEVEL_UP, "check fan and heatsink, filters; then the thermal interface"},
    {"igbt_temperature", LEVEL_DOWN, "check the heatsink sensor; compare with a neighbour"},
    {"igbt_temperature", NOISE, "check the fan: it may be hunting"},
    {"capacitor_temperature", LEVEL_UP,
     "check cabinet ventilation; measure the capacitors' series resistance and ripple"},
    {"capacitor_temperature", LEVEL_DOWN, "check the capacitor sensor; compare with a neighbour"},
    {"capacitor_temperature", NOISE, "check ventilation and the sensor's cable"},
    {"magnet_temperature", LEVEL_UP, "check water flow and the coil's connections"},
    {"magnet_temperature", LEVEL_DOWN, "check water flow regulation and the coil sensor"},
    {"magnet_temperature", NOISE, "check water flow and the sensor's contact"},
    {"voltage", LEVEL_UP, "check joints and cables: contact resistance"},
    {"voltage", LEVEL_DOWN, "measure coil resistance: turn-to-turn short"},
    {"voltage", NOISE, "check joints and cables; then output filter and regulation"},
    {"current", LEVEL_UP, "check DCCT and its burden; calibrate current against DAC"},
    {"current", LEVEL_DOWN, "check DCCT and its burden; calibrate current against DAC"},
    {"current", NOISE, "check DCCT; then the regulation loop"},
    {"dac", LEVEL_UP, "check DAC and its reference"},
    {"dac", LEVEL_DOWN, "check DAC and its reference"},
    {"dac", NOISE, "check DAC and its reference"},
};

const char *report_action(const struct finding *d)
{
    if (d->class == CLASS_COMMON)
        return "look at the shared cause first: water, air, mains or network";
    if (d->class == CLASS_DATA)
        return "check the channel: IOC, network, archiver";
    if (d->class == CLASS_SENSOR)
        return "check the sensor and its cable: the supply's other signals contradict it";
    const struct statistic *statistic = statistic_find(d->detector);
    if (statistic && statistic->action)
        return statistic->action;
    bool magnet = strcmp(d->signal, "magnet_temperature") == 0, voltage = strcmp(d->signal, "voltage") == 0;
    if ((magnet && rises_too(d, "voltage")) || (voltage && rises_too(d, "magnet_temperature")))
        return "check water flow: coil and its resistance rise together";
    int how = strcmp(d->unit, "x") == 0 ? NOISE : d->direction == DIRECTION_DOWN ? LEVEL_DOWN : LEVEL_UP;
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (strcmp(rules[i].signal, d->signal) == 0 && (int)rules[i].how == how)
            return rules[i].action;
    return "compare with a neighbour of the same family";
}
