using Gatehouse.Keys.Pkcs11;
using Net.Pkcs11Interop.Common;
using Net.Pkcs11Interop.HighLevelAPI;

namespace Gatehouse.Keys.Tests;

/// <summary>What other programs do with a token.</summary>
internal static class ForeignKeys
{
    /// <summary>The security officer of a token sets another PIN.</summary>
    internal static void ChangePin(SoftHsm.Token token, string pin)
    {
        var module = Pkcs11Module.At(SoftHsm.Library);
        lock (module.Turn)
        {
            var slot = module.Open().GetSlotList(SlotsType.WithTokenPresent).Single(slot => slot.GetTokenInfo().Label.TrimEnd() == token.Label);
            using var session = slot.OpenSession(SessionType.ReadWrite);
            session.Login(CKU.CKU_SO, "87654321");
            session.InitPin(pin);
            session.Logout();
        }
    }

    /// <summary>A key as it may not be, or may be too.</summary>
    internal static void Make(ISession session, string label, bool isExtractable, bool isRsa)
    {
        var make = Pkcs11Module.Makes.ObjectAttributeFactory;
        List<IObjectAttribute> hidden =
        [
            make.Create(CKA.CKA_TOKEN, true), make.Create(CKA.CKA_PRIVATE, true), make.Create(CKA.CKA_LABEL, label), make.Create(CKA.CKA_DECRYPT, true),
            make.Create(CKA.CKA_SENSITIVE, true), make.Create(CKA.CKA_EXTRACTABLE, isExtractable),
        ];
        if (isRsa)
        {
            session.GenerateKeyPair(
                TokenKeys.Mechanism(CKM.CKM_RSA_PKCS_KEY_PAIR_GEN),
                [make.Create(CKA.CKA_TOKEN, true), make.Create(CKA.CKA_LABEL, label), make.Create(CKA.CKA_ENCRYPT, true), make.Create(CKA.CKA_MODULUS_BITS, 3072ul), make.Create(CKA.CKA_PUBLIC_EXPONENT, [1, 0, 1])],
                hidden,
                out _,
                out _);
        }
        else
        {
            session.GenerateKey(TokenKeys.Mechanism(CKM.CKM_AES_KEY_GEN), [.. hidden, make.Create(CKA.CKA_ENCRYPT, true), make.Create(CKA.CKA_VALUE_LEN, 32ul)]);
        }
    }
}
