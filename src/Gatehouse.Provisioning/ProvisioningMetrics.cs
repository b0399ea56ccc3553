using System.Diagnostics.Metrics;
using Gatehouse.Contracts.Access;
using Gatehouse.Provisioning.Enrollments;
using Gatehouse.Provisioning.Registrations;

namespace Gatehouse.Provisioning;

/// <summary>Instruments of the room; listed in docs/telemetry.md.</summary>
internal sealed class ProvisioningMetrics
{
    private readonly Counter<long> registrations;
    private readonly Counter<long> refusals;
    private readonly Counter<long> challenges;
    private readonly Counter<long> certificates;
    private readonly Counter<long> quarantines;
    private readonly Counter<long> throttled;
    private readonly Histogram<double> requests;
    private readonly Histogram<double> linkedHubs;
    private readonly Histogram<double> authorities;
    private readonly Counter<long> statuses;

    public ProvisioningMetrics(IMeterFactory factory)
    {
        var meter = factory.Create("Gatehouse.Provisioning");
        registrations = meter.CreateCounter<long>("gatehouse.provisioning.registrations", "{registration}", "Registrations that were worked on, by outcome and attestation.");
        refusals = meter.CreateCounter<long>("gatehouse.provisioning.refusals", "{refusal}", "Proofs of devices that were refused, by reason.");
        challenges = meter.CreateCounter<long>("gatehouse.provisioning.challenges", "{challenge}", "Nonces that were given to TPMs, to prove themselves.");
        throttled = meter.CreateCounter<long>("gatehouse.provisioning.throttled", "{operation}", "Operations refused because of a limit of rate, by class.");
        linkedHubs = meter.CreateHistogram<double>("gatehouse.provisioning.linkedhub.duration", "s", "Time that a step of a registration took at a linked hub on another server, by outcome.");
        certificates = meter.CreateCounter<long>("gatehouse.provisioning.certificates", "{certificate}", "Certificates that were issued to devices, by kind of key.");
        authorities = meter.CreateHistogram<double>("gatehouse.provisioning.authority.duration", "s", "Time that a CA took to sign, its turn included, by where its key lies (sealed, file, pkcs11, tpm) and outcome (done, unavailable).");
        statuses = meter.CreateCounter<long>("gatehouse.provisioning.ocsp.answers", "{answer}", "Answers of the OCSP responder, by outcome: signed, kept, malformed, unauthorized, busy, unavailable.");
        quarantines = meter.CreateCounter<long>("gatehouse.provisioning.quarantines", "{device}", "Devices that were put into quarantine because of their measured boot, by cause: changed, overdue.");
        requests = meter.CreateHistogram<double>("gatehouse.provisioning.request.duration", "s", "Time from the head of a request to the end of its answer, by operation and HTTP status.");
    }

    internal void Registered(RegistrationStatus status, AttestationType type) => registrations.Add(
        1, new KeyValuePair<string, object?>("outcome", RegistrationWords.Of(status)), new KeyValuePair<string, object?>("attestation", AttestationViews.WordOf(type)));

    internal void Refused(string reason) => refusals.Add(1, new KeyValuePair<string, object?>("reason", reason));

    /// <param name="outcome"><c>done</c>, <c>refused</c>, <c>busy</c> or <c>unreachable</c>.</param>
    /// <param name="elapsed">All its calls together.</param>
    internal void LinkedHubAsked(string outcome, TimeSpan elapsed) => linkedHubs.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("outcome", outcome));

    /// <param name="place"><c>sealed</c>, <c>file</c>, <c>pkcs11</c> or <c>tpm</c>.</param>
    /// <param name="outcome"><c>done</c> or <c>unavailable</c>.</param>
    /// <param name="elapsed">The wait for its turn included.</param>
    internal void AuthorityUsed(string place, string outcome, TimeSpan elapsed) => authorities.Record(
        elapsed.TotalSeconds, new KeyValuePair<string, object?>("place", place), new KeyValuePair<string, object?>("outcome", outcome));

    /// <param name="outcome"><c>signed</c>, <c>kept</c> (signed before), <c>malformed</c>, <c>unauthorized</c>, <c>busy</c> or <c>unavailable</c>.</param>
    internal void StatusAnswered(string outcome) => statuses.Add(1, new KeyValuePair<string, object?>("outcome", outcome));

    internal void Throttled(ThrottleClass operations) => throttled.Add(1, new KeyValuePair<string, object?>("class", operations.ToString()));

    internal void Challenged() => challenges.Add(1);

    internal void Issued(string keyType) => certificates.Add(1, new KeyValuePair<string, object?>("key", keyType));

    internal void Quarantined(string cause) => quarantines.Add(1, new KeyValuePair<string, object?>("cause", cause));

    internal void Answered(string operation, int status, TimeSpan elapsed) => requests.Record(
        elapsed.TotalSeconds, new KeyValuePair<string, object?>("operation", operation), new KeyValuePair<string, object?>("status", status));
}
