/*
 * doctor.h - --doctor: what of all that zbox needs works on this machine.
 */
#ifndef ZBOX_DOCTOR_H
#define ZBOX_DOCTOR_H

#include <stdbool.h>
#include <stdio.h>

/* Tries what zbox needs, each in a child of its own, by using it, and says the cure where it does
 * not work. docs/json.md describes the JSON. Returns 0 when all that is required works, else 1. */
int report_doctor(FILE *out, bool json);

#endif
