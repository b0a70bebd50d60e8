import Exposition
import Hypervisor

extension MetricCatalogue {
    /// What nova says of an instance, for joins on `domain` or `uuid`.
    static let openStackMetrics: [Metric] = [
        .domainInfo(
            "libvirt_domain_openstack_info",
            help: "What nova says of the instance; instance_id is the domain's UUID.",
            labels: [
                "instance_name", "instance_id", "project_name", "project_id", "user_name", "user_id", "flavor_name",
            ]
        ) { id, configuration in
            guard let instance = configuration.openStack else { return nil }
            return [
                instance.name, id.uuid.description, instance.projectName, instance.projectID,
                instance.userName, instance.userID, instance.flavorName,
            ]
        },
        .domain("libvirt_domain_openstack_flavor_vcpus", .gauge, help: "The virtual CPUs of the instance's flavor.") {
            ($0.known.configuration?.openStack?.flavorVCPUs).map(Sample.Value.whole)
        },
        .domain(
            "libvirt_domain_openstack_flavor_memory_bytes",
            .gauge,
            unit: "bytes",
            help: "The memory of the instance's flavor."
        ) { domain in
            guard let mebibytes = domain.known.configuration?.openStack?.flavorMebibytes else { return nil }
            let (bytes, overflow) = mebibytes.multipliedReportingOverflow(by: 1 << 20)
            return overflow ? nil : .whole(bytes)
        },
    ]
}
