using System.Security.Cryptography;
using System.Text;
using Gatehouse.Contracts.Transparency;
using Xunit;

namespace Gatehouse.Store.Suite.TrustLog;

/// <summary>Notes, checkpoints and keys in the forms that other tools read.</summary>
public sealed class SignedNoteTests
{
    /// <summary>Key and id of the public Rekor log, as github.com/transparency-dev/formats writes such keys.</summary>
    private const string RekorKey = "rekor.sigstore.dev+c0d23d6a+AjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABNhtmPtrWm3U1eQXBogSMdGvXwBcK5AW5i0hrZLOC96l+smGNM7nwZ4QvFK/4sueRoVj//QP22Ni4Qt9DPfkWLc=";

    [Fact]
    public void A_key_of_another_log_is_read_and_written_as_it_is()
    {
        var key = NoteKey.Parse(RekorKey);

        Assert.Equal(("rekor.sigstore.dev", "c0d23d6a", RekorKey), (key!.Name, key.Id, key.ToString()));
        Assert.Null(NoteKey.Parse(RekorKey.Replace("c0d23d6a", "c0d23d6b", StringComparison.Ordinal)));
        Assert.Null(NoteKey.Parse(RekorKey.Replace("+Aj", "+AT", StringComparison.Ordinal)));
        Assert.Null(NoteKey.Parse("x"));
    }

    [Fact]
    public void A_checkpoint_of_another_log_verifies()
    {
        const string Rekor = "Rekor\n798034\nf+7CoKgXKE/tNys9TTXcr/ad6U/K3xvznmzew9y6SP0=\n\n\u2014 rekor.sigstore.dev wNI9ajBEAiARInWIWyCdyG27CO6LPnPekyw20qO0YJfoaPaowGp/XgIgc+qEHS3+GKVClgqq20uDLet7MCoTURUCRdxwWBHHufk=\n";

        var note = SignedNote.Parse(Rekor)!;

        Assert.True(note.IsSignedBy(NoteKey.Parse(RekorKey)!));
        Assert.Equal(Rekor, note.ToString());
        Assert.Equal(798_034, Checkpoint.Parse(note.Text)!.Size);
        Assert.False(SignedNote.Parse(Rekor.Replace("798034", "798035", StringComparison.Ordinal))!.IsSignedBy(NoteKey.Parse(RekorKey)!));
    }

    [Fact]
    public void A_signed_checkpoint_verifies_by_its_key_and_by_no_other()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var (key, other) = (NoteKey.Of("plant.example/log", ecdsa.ExportSubjectPublicKeyInfo()), NoteKey.Parse(RekorKey)!);
        var text = new Checkpoint(key.Name, 7, MerkleHash.EmptyRoot).Text;
        Assert.Equal("plant.example/log\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n", text);
        var signature = ecdsa.SignData(Encoding.UTF8.GetBytes(text), HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

        var note = SignedNote.Parse(new SignedNote(text, [new NoteSignature(other.Name, other.Id, new byte[9]), new NoteSignature(key.Name, key.Id, signature)]).ToString());

        Assert.True(note!.IsSignedBy(key));
        Assert.False(note.IsSignedBy(other));
        Assert.False((note with { Text = text.Replace('7', '8') }).IsSignedBy(key));
        Assert.Equal(new Checkpoint(key.Name, 7, MerkleHash.EmptyRoot), Checkpoint.Parse(note.Text));
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\n")]
    [InlineData("a\n\n")]
    [InlineData("a\n\n- key AAAAAAAA\n")]
    [InlineData("a\n\n\u2014 key AAAA\n")]
    [InlineData("a\n\n\u2014 key AAAAAAAA")]
    [InlineData("a\t\n\n\u2014 key AAAAAAAA\n")]
    [InlineData("a\n\n\u2014  AAAAAAAA\n")]
    public void What_is_no_signed_note_is_none(string text) => Assert.Null(SignedNote.Parse(text));

    [Theory]
    [InlineData("log\n07\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("log\n-1\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("log\n7\n47DEQpj8HBSa+w==\n")]
    [InlineData("log\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=")]
    [InlineData("\n7\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n")]
    [InlineData("log\n7\n")]
    public void What_is_no_checkpoint_is_none(string text) => Assert.Null(Checkpoint.Parse(text));
}
