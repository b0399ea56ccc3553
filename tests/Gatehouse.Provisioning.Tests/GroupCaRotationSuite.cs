using System.Text.Json.Nodes;
using Gatehouse.Store.Suite;
using Xunit;
using static Gatehouse.Provisioning.Tests.PlanSteps;

namespace Gatehouse.Provisioning.Tests;

public sealed class SqliteGroupCaRotationTests() : GroupCaRotationSuite(null);

public sealed class PostgresGroupCaRotationTests(PostgresServer server) : GroupCaRotationSuite(server);

/// <summary>Plans from one CA certificate of a group to its other one.</summary>
public abstract class GroupCaRotationSuite(PostgresServer? server)
{
    [Fact]
    public async Task A_groups_old_authority_is_taken_out_when_every_device_that_came_by_it_comes_by_the_new_one()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var old = TestCertificate.Root();
        using var next = TestCertificate.Root("next");
        using var first = old.Leaf("dev-1");
        using var second = old.Leaf("dev-2");
        using var firstAgain = next.Leaf("dev-1");
        using var secondAgain = next.Leaf("dev-2");
        await host.EnrollAsync("g1", EnrollmentSuite.Signers(old.Base64), isGroup: true);
        Assert.True((await host.RegisterAsync("dev-1", first.Shown())).IsOk);
        Assert.True((await host.RegisterAsync("dev-2", second.Shown())).IsOk);
        var early = await CreateAsync(host, "group-ca", "g1");
        Assert.Equal(400, early.Code);
        Assert.Contains("has not two CA certificates", early.Text("message"), StringComparison.Ordinal);

        var both = new JsonObject { ["primary"] = new JsonObject { ["certificate"] = old.Base64 }, ["secondary"] = new JsonObject { ["certificate"] = next.Base64 } };
        var group = new JsonObject { ["enrollmentGroupId"] = "g1", ["attestation"] = new JsonObject { ["type"] = "x509", ["x509"] = new JsonObject { ["signingCertificates"] = both } } };
        Assert.Equal(200, (await host.AskAsync("PUT", "/enrollmentGroups/g1", group.ToJsonString(), "*")).Code);
        Assert.Equal(400, (await CreateAsync(host, "group-ca", "g1", ""","firstKey":"secondaryKey" """)).Code);
        var plan = await StartedAsync(host, "group-ca", "G1");
        Assert.Equal(("secondaryCertificate", "primaryCertificate", 2), (plan.Text("firstKey"), plan.Text("lastKey"), plan.Body!["steps"]!.AsArray().Count));

        await LookAsync(host, 20);
        Assert.Contains("Nobody has used the new secondary CA certificate", await MessageAsync(host, plan), StringComparison.Ordinal);
        Assert.True((await host.RegisterAsync("dev-1", firstAgain.Shown())).IsOk);
        await LookAsync(host, 20);
        Assert.Contains("1 devices came by the old CA certificate last", await MessageAsync(host, plan), StringComparison.Ordinal);
        Assert.True((await host.RegisterAsync("dev-2", secondAgain.Shown())).IsOk);
        await LookAsync(host, 8);

        Assert.Equal("done", (await FindAsync(host, plan)).Text("state"));
        Assert.False((await host.RegisterAsync("dev-1", first.Shown())).IsOk);
        Assert.True((await host.RegisterAsync("dev-1", firstAgain.Shown())).IsOk);
        Assert.Contains("enrollmentgroup.retire-certificate g1", await host.AuditedAsync());

        // It is free for another group now.
        await host.EnrollAsync("g2", EnrollmentSuite.Signers(old.Base64), isGroup: true);
    }

    [Fact]
    public async Task A_groups_old_authority_goes_when_the_time_is_over_but_not_before_anybody_came_by_the_new_one()
    {
        await using var host = await ProvisioningHost.StartAsync(server);
        using var old = TestCertificate.Root();
        using var next = TestCertificate.Root("next");
        using var first = old.Leaf("dev-1");
        using var second = next.Leaf("dev-2");
        foreach (var (name, authority) in new[] { ("old", old), ("next", next) })
        {
            Assert.Equal(200, (await host.AskAsync("PUT", $"/certificates/{name}", $$$"""{"properties":{"certificate":"{{{authority.Base64}}}","isVerified":true}}""")).Code);
        }

        await host.EnrollAsync("g1", """ "attestation":{"type":"x509","x509":{"caReferences":{"primary":"old","secondary":"next"}}} """, isGroup: true);
        Assert.True((await host.RegisterAsync("dev-1", first.Shown())).IsOk);
        var plan = await StartedAsync(host, "group-ca", "g1", ""","atLatestSeconds":60 """);
        await LookAsync(host, 20);
        Assert.Equal("running", (await FindAsync(host, plan)).Text("state"));

        Assert.True((await host.RegisterAsync("dev-2", second.Shown())).IsOk);
        await LookAsync(host, 2);

        Assert.Equal("done", (await FindAsync(host, plan)).Text("state"));
        Assert.False((await host.RegisterAsync("dev-1", first.Shown())).IsOk);
        Assert.Equal("next", (await host.AskAsync("GET", "/enrollmentGroups/g1")).Text("attestation.x509.caReferences.secondary"));
    }
}
