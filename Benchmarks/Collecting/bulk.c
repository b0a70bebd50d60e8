/* The least that these figures cost: one bulk call on one connection, whenever a line comes by standard input. It answers
   each with a line, the number of records. */
#include <libvirt/libvirt.h>
#include <stdio.h>

int main(int count, char **arguments) {
    virConnectPtr connection = count == 2 ? virConnectOpenReadOnly(arguments[1]) : NULL;
    if (!connection) {
        return 1;
    }
    for (int byte; (byte = getchar()) != EOF;) {
        virDomainStatsRecordPtr *records = NULL;
        int found = virConnectGetAllDomainStats(
            connection, VIR_DOMAIN_STATS_STATE | VIR_DOMAIN_STATS_BALLOON, &records,
            VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE | VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT);
        if (found < 0) {
            return 1;
        }
        virDomainStatsRecordListFree(records);
        printf("%d\n", found);
        fflush(stdout);
    }
    virConnectClose(connection);
    return 0;
}
